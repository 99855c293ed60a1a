// Injection webhooks that take the same pods, or whose service does not exist.
import { listAt, memberOf, objectAt, recordAt, textAt, textsAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { injectionWebhooks, selectorMatches } from '../webhooks.ts';
import type { Webhook } from '../webhooks.ts';

export const WEBHOOK_ANALYZER = {
  id: 'istio.webhook',
  analyzer: 'webhook.Analyzer',
  name: 'injection webhook that cannot work',
  severity: 'medium',
  cwe: [693],
  why: 'A webhook without its service injects nothing, or stops every pod from starting. Two that take the same pods inject twice, and which one wins is chance.',
  help: 'remove the configuration of the control plane that is gone, or keep the selectors apart',
  references: [messageUrl('InvalidWebhook')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const hooks = injectionWebhooks(mesh);
    for (const group of Map.groupBy(hooks, ({ resource }) => resource).values()) yield* withoutService(mesh, group);
    yield* overlapping(hooks.slice(0, HOOKS_MAX));
  },
} satisfies MeshAnalyzer;

function* withoutService(mesh: MeshIndex, hooks: readonly Webhook[]): Generator<MeshHit> {
  const told = new Set<string>();
  for (const { resource, clientConfig, path } of hooks) {
    const service = objectAt(clientConfig, 'service');
    if (!service) continue;
    const [name, namespace] = [textAt(service, 'name') ?? '', textAt(service, 'namespace') ?? ''];
    const id = `${namespace}/${name}`;
    const known = mesh.servicesIn(namespace);
    if (told.has(id) || mesh.named('', 'Service', namespace, name) || (!mesh.complete && known.length === 0)) continue;
    told.add(id);
    yield {
      code: 'InvalidWebhook',
      at: { resource, path: [...path, 'clientConfig', 'service'] },
      title: `webhook calls Service \`${id}\`, which does not exist`,
      detail: id,
    };
  }
}

/** Two configurations that take the same pod; told once for each. */
function* overlapping(hooks: readonly Webhook[]): Generator<MeshHit> {
  const samples = samplesOf(hooks);
  const groups = [...Map.groupBy(hooks, ({ resource }) => resource)];
  const taken = groups.map(
    ([, group]) => new Set(samples.flatMap((sample, i) => (group.some((hook) => takes(hook, sample)) ? [i] : []))),
  );
  for (const [i, [resource, group]] of groups.entries()) {
    const other = groups.findIndex((_, j) => j !== i && taken[i]!.values().some((sample) => taken[j]!.has(sample)));
    if (other === -1) continue;
    yield {
      code: 'InvalidWebhook',
      at: { resource, path: group[0]!.path },
      title: `\`${resource.metadata.name}\` takes pods that \`${groups[other]![0].metadata.name}\` takes too`,
      detail: 'overlap',
    };
  }
}

interface Sample {
  readonly namespace: Readonly<Record<string, string>>;
  readonly pod: Readonly<Record<string, string>>;
}

function takes({ namespaceSelector, objectSelector }: Webhook, { namespace, pod }: Sample): boolean {
  return selectorMatches(namespaceSelector, namespace) && selectorMatches(objectSelector, pod);
}

const VALUES_MAX = 5;
/** More than any installation has. */
const HOOKS_MAX = 200;

/** Every combination of the labels that injection is about, with the values that any selector names. */
function samplesOf(hooks: readonly Webhook[]): readonly Sample[] {
  const named = (key: string): (string | undefined)[] => {
    const values = hooks.flatMap(({ namespaceSelector, objectSelector }) =>
      [namespaceSelector, objectSelector].flatMap((selector) => [
        ...(recordAt(selector, 'matchLabels')[key] === undefined ? [] : [recordAt(selector, 'matchLabels')[key]!]),
        ...listAt(selector, 'matchExpressions').flatMap((each) => (memberOf(each, 'key') === key ? textsAt(each, 'values') : [])),
      ]),
    );
    return [undefined, ...new Set(values)].slice(0, VALUES_MAX);
  };
  const records = (keys: readonly string[]): Readonly<Record<string, string>>[] =>
    keys.reduce<Readonly<Record<string, string>>[]>(
      (all, key) => all.flatMap((one) => named(key).map((value) => (value === undefined ? one : { ...one, [key]: value }))),
      [{}],
    );
  const namespaces = records(['istio-injection', 'istio.io/rev']);
  const pods = records(['sidecar.istio.io/inject', 'istio.io/rev']);
  return namespaces.flatMap((namespace) => pods.map((pod) => ({ namespace, pod })));
}
