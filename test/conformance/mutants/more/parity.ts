// Gap: staging and production that differ; as overlays of Kustomize, rendered charts, Compose files and namespaces of one tree.
import { dump } from 'js-yaml';
import { gap as first } from '../gaps/parity.ts';
import { container, find, remove } from '../world.ts';
import type { Case, Doc, Gap, World } from '../world.ts';

type Edit = (production: World) => void;

/** Ways to lay the two environments out. */
type Layout = (base: World, edit: Edit) => World;

const text = (docs: readonly Doc[]): string => docs.map((doc) => dump(doc)).join('---\n');

/** A common base, and overlays that patch it: production carries what is different. */
const overlays: Layout = (base, edit) => {
  const changed = structuredClone(base);
  edit(changed);
  const files: Record<string, string> = {
    'k8s/base/socks.yaml': text(base.docs),
    'k8s/base/kustomization.yaml': 'resources: [socks.yaml]\n',
    'k8s/overlays/staging/kustomization.yaml': 'namespace: sock-shop\nresources: [../../base]\n',
  };
  const patches: string[] = [];
  for (const doc of base.docs) {
    const { name } = doc['metadata'] as { readonly name: string };
    const other = changed.docs.find((one) => one['kind'] === doc['kind'] && one['metadata'].name === name);
    if (JSON.stringify(other) === JSON.stringify(doc)) continue;
    const patch = other ?? { apiVersion: doc['apiVersion'], kind: doc['kind'], metadata: doc['metadata'], $patch: 'delete' };
    const file = `${String(doc['kind']).toLowerCase()}-${name}.yaml`;
    files[`k8s/overlays/production/${file}`] = text([patch]);
    patches.push(`  - path: ${file}\n`);
  }
  files['k8s/overlays/production/kustomization.yaml'] =
    `namespace: sock-shop\nresources: [../../base]\n${patches.length > 0 ? `patches:\n${patches.join('')}` : ''}`;
  return { docs: [], files };
};

/** What `helm template` printed for two files of values. */
const rendered: Layout = (base, edit) => {
  const changed = structuredClone(base);
  edit(changed);
  const labelled = (world: World, release: string): string => {
    const copy = structuredClone(world.docs);
    for (const doc of copy)
      doc['metadata'].labels = {
        ...(doc['metadata'].labels as Doc | undefined),
        'app.kubernetes.io/managed-by': 'Helm',
        'app.kubernetes.io/instance': release,
        'helm.sh/chart': 'socks-1.4.2',
      };
    return copy.map((doc) => `---\n# Source: socks/templates/${String(doc['kind']).toLowerCase()}.yaml\n${dump(doc)}`).join('');
  };
  return {
    docs: [],
    files: { 'rendered/staging.yaml': labelled(base, 'socks'), 'rendered/prod.yaml': labelled(changed, 'socks') },
  };
};

/** One folder for each environment below the name of the application. */
const folders: Layout = (base, edit) => {
  const changed = structuredClone(base);
  edit(changed);
  return { docs: [], files: { 'apps/socks/stg/all.yaml': text(base.docs), 'apps/socks/prd/all.yaml': text(changed.docs) } };
};

const LAYOUTS: Readonly<Record<string, Layout>> = { overlays, rendered, folders };

const pod = (world: World, name: string): Doc => find(world, 'Deployment', name)['spec'].template.spec as Doc;

const DIFFERENT: Readonly<Record<string, Edit>> = {
  'runs as root': (world) => {
    container(world, 'Deployment', 'payment')['securityContext'] = { runAsNonRoot: false, runAsUser: 0 };
  },
  'a capability more': (world) => {
    container(world, 'Deployment', 'orders')['securityContext'].capabilities = { drop: ['all'], add: ['NET_ADMIN'] };
  },
  'the root file system can be written': (world) => {
    container(world, 'Deployment', 'user')['securityContext'].readOnlyRootFilesystem = false;
  },
  'another tag': (world) => {
    container(world, 'Deployment', 'catalogue')['image'] = 'weaveworksdemos/catalogue:0.3.1';
  },
  'another registry': (world) => {
    container(world, 'Deployment', 'catalogue')['image'] = 'registry.example.org/mirror/catalogue:0.3.5';
  },
  'a policy is deleted': (world) => remove(world, 'NetworkPolicy', 'orders-db-access'),
  'a folder of the node': (world) => {
    const spec = pod(world, 'payment');
    spec['volumes'] = [...((spec['volumes'] as Doc[] | undefined) ?? []), { name: 'host', hostPath: { path: '/var/log' } }];
    const one = container(world, 'Deployment', 'payment');
    one['volumeMounts'] = [...((one['volumeMounts'] as Doc[] | undefined) ?? []), { name: 'host', mountPath: '/host' }];
  },
};

const ALIKE: Readonly<Record<string, Edit>> = {
  'more replicas': (world) => {
    find(world, 'Deployment', 'payment')['spec'].replicas = 6;
  },
  'larger limits': (world) => {
    container(world, 'Deployment', 'orders')['resources'] = { limits: { cpu: '2', memory: '2Gi' } };
  },
  'slower probes': (world) => {
    container(world, 'Deployment', 'catalogue')['readinessProbe'].initialDelaySeconds = 30;
  },
  'another node pool': (world) => {
    pod(world, 'user')['nodeSelector'] = { 'kubernetes.io/os': 'linux', pool: 'production' };
  },
  'a priority': (world) => {
    pod(world, 'user')['priorityClassName'] = 'high';
  },
};

/** The machine of a team, and the one that serves: two files of Compose. */
function composePair(base: string, edit: (text: string) => string): World {
  return { docs: [], files: { 'deploy/staging/compose.yaml': base, 'deploy/production/compose.yaml': edit(base) } };
}
const swap = (from: string, to: string) => (source: string) => {
  if (!source.includes(from)) throw new Error(`the Compose file has no ${from}`);
  return source.replace(from, () => to);
};

export const gap: Gap = {
  name: 'more-parity',
  codes: first.codes,
  cases(systems) {
    const world = systems.sockShopWithPolicies();
    const of = (layout: Layout, what: string): ((changes: typeof DIFFERENT, expect: Case['expect']) => Case[]) => {
      const base = layout(world, () => {});
      return (changes, expect) =>
        Object.entries(changes).map(([name, edit]) => ({ name: `${what}: ${name}`, base, changed: layout(world, edit), expect }));
    };
    const kubernetes = Object.entries(LAYOUTS).flatMap(([what, layout]) => {
      const make = of(layout, what);
      return [...make(DIFFERENT, 'found'), ...make(ALIKE, 'silent')];
    });
    const compose = systems.text('sock-shop/docker-compose/docker-compose.yml');
    const base = composePair(compose, (source) => source);
    const made = (expect: Case['expect'], edits: Readonly<Record<string, (source: string) => string>>): Case[] =>
      Object.entries(edits).map(([name, edit]) => ({
        name: `Compose: ${name}`,
        base,
        changed: composePair(compose, edit),
        expect,
      }));
    return [
      ...kubernetes,
      ...made('found', {
        'another tag': swap('weaveworksdemos/payment:0.4.3', 'weaveworksdemos/payment:0.4.1'),
        privileged: swap(
          '    image: weaveworksdemos/payment:0.4.3',
          '    image: weaveworksdemos/payment:0.4.3\n    privileged: true',
        ),
        'the network of the host': swap(
          '    image: weaveworksdemos/user:0.4.4',
          '    image: weaveworksdemos/user:0.4.4\n    network_mode: host',
        ),
      }),
      ...made('silent', {
        'a restart policy': swap(
          '    image: weaveworksdemos/payment:0.4.3',
          '    image: weaveworksdemos/payment:0.4.3\n    stop_grace_period: 30s',
        ),
        'a label': swap(
          '    image: weaveworksdemos/payment:0.4.3',
          '    image: weaveworksdemos/payment:0.4.3\n    labels: { team: payments }',
        ),
        'more memory': swap('    image: weaveworksdemos/user:0.4.4', '    image: weaveworksdemos/user:0.4.4\n    mem_limit: 1g'),
      }),
    ];
  },
};
