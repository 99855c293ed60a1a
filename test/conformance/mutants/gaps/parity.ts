// Gap: staging and production that differ in security or in images.
import { dump } from 'js-yaml';
import { container, find, remove } from '../world.ts';
import type { Case, Doc, Gap, World } from '../world.ts';

type Edit = (production: World) => void;

const NAMES = ['cartservice', 'paymentservice', 'frontend'];
const pod = (world: World, name: string): Doc => find(world, 'Deployment', name)['spec'].template.spec as Doc;

const DIFFERENT: Readonly<Record<string, (world: World, name: string) => void>> = {
  'runs as root': (world, name) => {
    pod(world, name)['securityContext'] = { runAsNonRoot: false, runAsUser: 0 };
  },
  privileged: (world, name) => {
    container(world, 'Deployment', name)['securityContext'] = { privileged: true };
  },
  'an older image': (world, name) => {
    container(world, 'Deployment', name)['image'] = `registry.example.com/${name}:0.1.0`;
  },
  'host network': (world, name) => {
    pod(world, name)['hostNetwork'] = true;
  },
  'its policy is missing': (world, name) => remove(world, 'NetworkPolicy', name),
  'its policy is wider': (world, name) => {
    find(world, 'NetworkPolicy', name)['spec'].ingress = [{ from: [{ namespaceSelector: {} }] }, {}];
  },
  'another service account': (world, name) => {
    pod(world, name)['serviceAccountName'] = 'admin';
  },
};

const ALIKE: Readonly<Record<string, (world: World, name: string) => void>> = {
  'more replicas': (world, name) => {
    find(world, 'Deployment', name)['spec'].replicas = 5;
  },
  'more memory': (world, name) => {
    container(world, 'Deployment', name)['resources'] = { requests: { cpu: '500m', memory: '512Mi' }, limits: { memory: '1Gi' } };
  },
  'an annotation': (world, name) => {
    find(world, 'Deployment', name)['metadata'].annotations = { 'example.com/contact': 'production-team' };
  },
  'another order': (world) => {
    world.docs.reverse();
  },
  'a rollout strategy': (world, name) => {
    find(world, 'Deployment', name)['spec'].strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2 } };
  },
  'a log level': (world, name) => {
    (container(world, 'Deployment', name)['env'] as Doc[]).push({ name: 'LOG_LEVEL', value: 'warn' });
  },
  'spread over zones': (world, name) => {
    pod(world, name)['topologySpreadConstraints'] = [
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
    ];
  },
};

function pair(base: World, edit: Edit): World {
  const environment = (name: string, world: World): Record<string, string> => {
    for (const doc of world.docs) doc['metadata'].namespace = `shop-${name}`;
    return { [`deploy/${name}/shop.yaml`]: world.docs.map((doc) => dump(doc)).join('---\n') };
  };
  const production = structuredClone(base);
  edit(production);
  return { docs: [], files: { ...environment('staging', structuredClone(base)), ...environment('production', production) } };
}

export const gap: Gap = {
  name: 'parity',
  codes: ['parity.'],
  cases(systems) {
    const world = systems.boutiqueWithPolicies();
    for (const doc of world.docs.filter(({ kind }) => kind === 'Deployment'))
      doc['spec'].template.spec.containers[0].image = `registry.example.com/${String(doc['metadata'].name)}:1.4.0`;
    const base = pair(world, () => {});
    const cases = (expect: Case['expect'], changes: typeof DIFFERENT): Case[] =>
      NAMES.flatMap((name) =>
        Object.entries(changes).map(([what, edit]) => ({
          name: `${name}: ${what}`,
          base,
          changed: pair(world, (copy) => edit(copy, name)),
          expect,
        })),
      );
    return [...cases('found', DIFFERENT), ...cases('silent', ALIKE)];
  },
};
