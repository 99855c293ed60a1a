// Gap: NetworkPolicy missing, default-allow, or wider than the pods it means.
import { add, all, casesOf, find, remove } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const CLOSED = ['cartservice', 'paymentservice', 'checkoutservice', 'redis-cart'];

const policy = (world: World, name: string): Doc => find(world, 'NetworkPolicy', name)['spec'] as Doc;
const from = (peers: readonly Doc[]) => (world: World, name: string) => {
  policy(world, name)['ingress'][0].from = peers;
};

/** What makes the policy of a service that should be closed too wide, or no policy at all. */
const OPENINGS: Readonly<Record<string, (world: World, name: string) => void>> = {
  'from all addresses': from([{ ipBlock: { cidr: '0.0.0.0/0' } }]),
  'from all IPv6 addresses': from([{ ipBlock: { cidr: '::/0' } }]),
  'from the whole private range': from([{ ipBlock: { cidr: '10.0.0.0/8' } }]),
  'from a range with a hole in it': from([{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } }]),
  'from every namespace': from([{ namespaceSelector: {} }]),
  'split by a dash': from([
    { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } },
    { podSelector: { matchLabels: { app: 'frontend' } } },
  ]),
  'a rule that allows everything': (world, name) => {
    policy(world, name)['ingress'] = [{}];
  },
  'an ingress rule that is not in force': (world, name) => {
    policy(world, name)['policyTypes'] = ['Egress'];
    remove(world, 'NetworkPolicy', 'deny-all');
  },
  'a selector that selects nothing': (world, name) => {
    policy(world, name)['podSelector'].matchLabels.app += 's';
    remove(world, 'NetworkPolicy', 'deny-all');
  },
  'no policy': (world, name) => {
    remove(world, 'NetworkPolicy', name);
    remove(world, 'NetworkPolicy', 'deny-all');
  },
};

/** Changes that look alike and open nothing. */
const HARMLESS: Readonly<Record<string, (world: World, name: string) => void>> = {
  'callers by expression': from([
    { podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['frontend', 'checkoutservice'] }] } },
  ]),
  'callers and namespace in one item': from([
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
      podSelector: { matchLabels: { app: 'frontend' } },
    },
  ]),
  'policy types left to their default': (world, name) => {
    delete policy(world, name)['policyTypes'];
  },
  'one policy as two': (world, name) => {
    const doc = find(world, 'NetworkPolicy', name);
    add(world, { ...doc, metadata: { ...doc['metadata'], name: `${name}-more` } });
  },
  'one address of a partner': (world, name) => {
    policy(world, name)['ingress'][0].from.push({ ipBlock: { cidr: '203.0.113.7/32' } });
  },
  'another name': (world, name) => {
    find(world, 'NetworkPolicy', name)['metadata'].name = `allow-to-${name}`;
  },
};

export const gap: Gap = {
  name: 'network',
  codes: ['network.'],
  cases(systems) {
    const base = systems.boutiqueWithPolicies();
    const over = (changes: typeof OPENINGS): Record<string, (world: World) => void> =>
      Object.fromEntries(
        CLOSED.flatMap((name) =>
          Object.entries(changes).map(([what, edit]) => [`${name}: ${what}`, (world: World) => edit(world, name)]),
        ),
      );
    return casesOf(
      base,
      {
        ...over(OPENINGS),
        'egress to the metadata address': (world) => {
          policy(world, 'cartservice')['egress'] = [{ to: [{ ipBlock: { cidr: '169.254.169.254/32' } }] }];
        },
        'the exposed frontend takes a whole private network': (world) => {
          policy(world, 'frontend')['ingress'] = [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }];
        },
        'nothing at all': (world) => {
          for (const { metadata } of all(world, 'NetworkPolicy')) remove(world, 'NetworkPolicy', metadata.name as string);
        },
      },
      {
        ...over(HARMLESS),
        'the exposed frontend takes everyone on its port': (world) => {
          policy(world, 'frontend')['ingress'] = [
            { from: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 8080, protocol: 'TCP' }] },
          ];
        },
        'egress to one outside service': (world) => {
          policy(world, 'paymentservice')['egress'] = [
            { to: [{ ipBlock: { cidr: '203.0.113.16/28' } }], ports: [{ port: 443 }] },
          ];
        },
      },
    );
  },
};
