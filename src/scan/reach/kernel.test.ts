import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Resource } from '#model/resource.ts';
import { readAdminPolicy } from './admin-policy.ts';
import { intervalOf, intervalsOf, overlaps } from './address.ts';
import { hasPort } from './connections.ts';
import type { Transport } from './face.ts';
import { Kernel } from './kernel.ts';
import type { Endpoint } from './matching.ts';
import { readNetworkPolicy } from './network-policy.ts';

// ---- a world, and the plainest evaluation of it that there is: one packet at a time, straight from the documents ----

type Labels = Record<string, string>;
interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}
interface RawPort {
  protocol?: Transport;
  port?: number | string;
  endPort?: number;
}
interface RawPeer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}
interface RawRule {
  from?: RawPeer[];
  to?: RawPeer[];
  ports?: RawPort[];
}
interface RawPolicy {
  namespace: string;
  podSelector: Selector;
  policyTypes?: string[];
  ingress?: RawRule[];
  egress?: RawRule[];
}
interface AdminPeer {
  namespaces?: Selector;
  pods?: { namespaceSelector: Selector; podSelector: Selector };
  networks?: string[];
}
interface AdminPort {
  portNumber?: { protocol: Transport; port: number };
  portRange?: { protocol: Transport; start: number; end: number };
  namedPort?: string;
}
interface RawAdmin {
  baseline: boolean;
  priority: number;
  subject: AdminPeer;
  ingress?: { action: string; from: AdminPeer[]; ports?: AdminPort[] }[];
  egress?: { action: string; to: AdminPeer[]; ports?: AdminPort[] }[];
}

function matches(selector: Selector, labels: Labels): boolean {
  const pairs = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    pairs &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const has = key in labels;
      if (operator === 'Exists') return has;
      if (operator === 'DoesNotExist') return !has;
      return operator === 'In' ? has && values.includes(labels[key]!) : !has || !values.includes(labels[key]!);
    })
  );
}

/** An endpoint, or an address. */
type Party = Endpoint | string;
const isPod = (party: Party): party is Endpoint => typeof party !== 'string';
const addressOf = (party: Party): string => (isPod(party) ? ADDRESSES.get(party.id)! : party);
const within = (address: string, cidr: string): boolean => overlaps([intervalOf(cidr)!], [intervalOf(address)!]);

function networkPeer(peer: RawPeer, home: string, party: Party): boolean {
  if (peer.ipBlock)
    return (
      within(addressOf(party), peer.ipBlock.cidr) && !(peer.ipBlock.except ?? []).some((each) => within(addressOf(party), each))
    );
  if (!isPod(party)) return false;
  const namespace = peer.namespaceSelector ? matches(peer.namespaceSelector, party.namespaceLabels) : party.namespace === home;
  return namespace && matches(peer.podSelector ?? {}, party.labels);
}

function networkPort(port: RawPort, target: Party, transport: Transport, number: number): boolean {
  if ((port.protocol ?? 'TCP') !== transport) return false;
  if (port.port === undefined) return true;
  if (typeof port.port === 'string') {
    return (
      isPod(target) &&
      target.ports.some((each) => each.name === port.port && each.transport === transport && each.port === number)
    );
  }
  return number >= port.port && number <= (port.endPort ?? port.port);
}

function adminPeer(peer: AdminPeer, party: Party): boolean {
  if (peer.networks) return peer.networks.some((each) => within(addressOf(party), each));
  if (!isPod(party)) return false;
  if (peer.namespaces) return matches(peer.namespaces, party.namespaceLabels);
  return matches(peer.pods!.namespaceSelector, party.namespaceLabels) && matches(peer.pods!.podSelector, party.labels);
}

function adminPort(port: AdminPort, target: Party, transport: Transport, number: number): boolean {
  if (port.portNumber) return port.portNumber.protocol === transport && port.portNumber.port === number;
  if (port.portRange)
    return port.portRange.protocol === transport && port.portRange.start <= number && number <= port.portRange.end;
  return (
    isPod(target) &&
    target.ports.some((each) => each.name === port.namedPort && each.port === number && each.transport === transport)
  );
}

function sideAllows(
  world: World,
  direction: 'ingress' | 'egress',
  subject: Endpoint,
  peer: Party,
  transport: Transport,
  port: number,
): boolean {
  const target = direction === 'ingress' ? subject : peer;
  const admin = (baseline: boolean): string | undefined => {
    const inOrder = world.admin.filter((each) => each.baseline === baseline && adminPeer(each.subject, subject));
    for (const policy of inOrder.toSorted((a, b) => a.priority - b.priority)) {
      const rules: { action: string; peers: AdminPeer[]; ports?: AdminPort[] }[] =
        direction === 'ingress'
          ? (policy.ingress ?? []).map(({ from, ...rest }) => ({ ...rest, peers: from }))
          : (policy.egress ?? []).map(({ to, ...rest }) => ({ ...rest, peers: to }));
      for (const rule of rules) {
        const ports = rule.ports === undefined || rule.ports.some((each) => adminPort(each, target, transport, port));
        if (ports && rule.peers.some((each) => adminPeer(each, peer))) return rule.action;
      }
    }
    return undefined;
  };
  const first = admin(false);
  if (first === 'Allow' || first === 'Deny') return first === 'Allow';
  const holding = world.policies.filter((policy) => {
    if (policy.namespace !== subject.namespace || !matches(policy.podSelector, subject.labels)) return false;
    if (policy.policyTypes && policy.policyTypes.length > 0)
      return policy.policyTypes.includes(direction === 'ingress' ? 'Ingress' : 'Egress');
    return direction === 'ingress' || (policy.egress ?? []).length > 0;
  });
  if (holding.length > 0) {
    return holding.some((policy) =>
      (policy[direction] ?? []).some((rule) => {
        const peers = (direction === 'ingress' ? rule.from : rule.to) ?? [];
        const ports = rule.ports ?? [];
        return (
          (peers.length === 0 || peers.some((each) => networkPeer(each, policy.namespace, peer))) &&
          (ports.length === 0 || ports.some((each) => networkPort(each, target, transport, port)))
        );
      }),
    );
  }
  return admin(true) !== 'Deny';
}

// ---- random worlds ----

const NAMESPACES: Record<string, Labels> = { a: { team: 'x', env: 'p' }, b: { team: 'y' } };
const ADDRESSES = new Map(['a/0', 'a/1', 'b/2', 'b/3'].map((id, i) => [id, `10.0.0.${i + 1}`]));
const OUTSIDE = ['8.8.8.8', '10.0.9.9', '2001:db8::1'];
const PORTS = [79, 80, 81, 90, 99];

const label = fc.constantFrom('app', 'tier', 'team', 'env');
const value = fc.constantFrom('x', 'y', 'p');
const selector: fc.Arbitrary<Selector> = fc.oneof(
  fc.constant({}),
  fc.tuple(label, value).map(([key, of]) => ({ matchLabels: { [key]: of } })),
  fc
    .tuple(label, fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'), fc.array(value, { minLength: 1, maxLength: 2 }))
    .map(([key, operator, values]) => ({ matchExpressions: [{ key, operator, values }] })),
);
const cidr = fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/30', '10.0.0.2/32', '8.0.0.0/8', '::/0', '2001:db8::/32');
const peer: fc.Arbitrary<RawPeer> = fc.oneof(
  selector.map((podSelector) => ({ podSelector })),
  selector.map((namespaceSelector) => ({ namespaceSelector })),
  fc.tuple(selector, selector).map(([podSelector, namespaceSelector]) => ({ podSelector, namespaceSelector })),
  fc
    .tuple(cidr, fc.array(fc.constantFrom('10.0.0.2/32', '10.0.0.0/24', '8.8.8.8/32'), { maxLength: 2 }))
    .map(([block, except]) => ({ ipBlock: { cidr: block, ...(except.length > 0 && { except }) } })),
);
const transport = fc.constantFrom<Transport>('TCP', 'UDP');
const port: fc.Arbitrary<RawPort> = fc.oneof(
  fc.record({ protocol: transport }),
  fc.constant({ port: 80 }),
  fc.record({ protocol: transport, port: fc.constantFrom<string | number>(80, 81, 'web', 'dns') }),
  fc.constant({ port: 80, endPort: 90 }),
);
const rule = (side: 'from' | 'to'): fc.Arbitrary<RawRule> =>
  fc.tuple(fc.option(fc.array(peer, { maxLength: 2 })), fc.option(fc.array(port, { maxLength: 2 }))).map(([peers, ports]) => ({
    ...(peers && { [side]: peers }),
    ...(ports && { ports }),
  }));
const policy: fc.Arbitrary<RawPolicy> = fc
  .tuple(
    fc.constantFrom('a', 'b'),
    selector,
    fc.option(fc.subarray(['Ingress', 'Egress'])),
    fc.option(fc.array(rule('from'), { maxLength: 2 })),
    fc.option(fc.array(rule('to'), { maxLength: 2 })),
  )
  .map(([namespace, podSelector, policyTypes, ingress, egress]) => ({
    namespace,
    podSelector,
    ...(policyTypes && { policyTypes }),
    ...(ingress && { ingress }),
    ...(egress && { egress }),
  }));
const pods = fc.oneof(
  selector.map((namespaces): AdminPeer => ({ namespaces })),
  fc
    .tuple(selector, selector)
    .map(([namespaceSelector, podSelector]): AdminPeer => ({ pods: { namespaceSelector, podSelector } })),
);
const adminPorts = fc.option(
  fc.array(
    fc.oneof<fc.Arbitrary<AdminPort>[]>(
      transport.map((protocol) => ({ portNumber: { protocol, port: 80 } })),
      transport.map((protocol) => ({ portRange: { protocol, start: 80, end: 90 } })),
      fc.constantFrom('web', 'dns').map((namedPort) => ({ namedPort })),
    ),
    { minLength: 1, maxLength: 2 },
  ),
);
const action = fc.constantFrom('Allow', 'Deny', 'Pass');
const adminPolicy: fc.Arbitrary<RawAdmin> = fc
  .tuple(
    fc.boolean(),
    pods,
    fc.array(fc.tuple(action, fc.array(pods, { minLength: 1, maxLength: 2 }), adminPorts), { maxLength: 2 }),
    fc.array(
      fc.tuple(
        action,
        fc.array(
          fc.oneof(
            pods,
            cidr.map((network): AdminPeer => ({ networks: [network] })),
          ),
          { minLength: 1, maxLength: 2 },
        ),
        adminPorts,
      ),
      { maxLength: 2 },
    ),
  )
  .map(([baseline, subject, ingress, egress]) => ({
    baseline,
    priority: 0,
    subject,
    // A baseline does not pass on: it is the last.
    ingress: ingress.map(([does, from, ports]) => ({
      action: baseline && does === 'Pass' ? 'Deny' : does,
      from,
      ...(ports && { ports }),
    })),
    egress: egress.map(([does, to, ports]) => ({
      action: baseline && does === 'Pass' ? 'Deny' : does,
      to,
      ...(ports && { ports }),
    })),
  }));

interface World {
  readonly endpoints: readonly Endpoint[];
  readonly policies: readonly RawPolicy[];
  readonly admin: readonly RawAdmin[];
}

const world: fc.Arbitrary<World> = fc
  .tuple(
    fc.array(fc.tuple(value, fc.option(value), fc.boolean()), { minLength: 4, maxLength: 4 }),
    fc.array(policy, { maxLength: 4 }),
    fc.array(adminPolicy, { maxLength: 3 }),
  )
  .map(([shapes, policies, admin]) => ({
    endpoints: shapes.map(([app, tier, named], i): Endpoint => {
      const namespace = i < 2 ? 'a' : 'b';
      return {
        id: `${namespace}/${i}`,
        namespace,
        namespaceLabels: NAMESPACES[namespace]!,
        labels: { app, ...(tier !== null && { tier }) },
        ports: named
          ? [
              { name: 'web', port: 80, transport: 'TCP' },
              { name: 'dns', port: 81, transport: 'UDP' },
            ]
          : [{ name: 'web', port: 90, transport: 'TCP' }],
        hostNetwork: false,
        addresses: intervalsOf([ADDRESSES.get(`${namespace}/${i}`)!]),
      };
    }),
    policies,
    admin: admin.map((each, i) => ({ ...each, priority: (7 * i) % 5 })),
  }));

function resource(kind: string, name: string, namespace: string, spec: unknown): Resource {
  return { apiVersion: 'x/v1', kind, metadata: { name, namespace, labels: {}, annotations: {} }, spec, body: {} };
}

function kernelOf({ endpoints, policies, admin }: World): Kernel {
  return new Kernel(endpoints, [
    ...policies.map(({ namespace, ...spec }, i) => readNetworkPolicy(resource('NetworkPolicy', `p${i}`, namespace, spec))),
    ...admin.map(({ baseline, ...spec }, i) =>
      readAdminPolicy(resource(baseline ? 'BaselineAdminNetworkPolicy' : 'AdminNetworkPolicy', `p${i}`, '', spec)),
    ),
  ]);
}

test('every pair, port and direction is as the plainest evaluation says', () => {
  fc.assert(
    fc.property(world, (random) => {
      const kernel = kernelOf(random);
      const { endpoints } = random;
      const atom = (address: string): number =>
        endpoints.length + kernel.atoms.findIndex((each) => overlaps([each], [intervalOf(address)!]));
      const parties: readonly (readonly [Party, number])[] = [
        ...endpoints.map((endpoint, i) => [endpoint, i] as const),
        ...OUTSIDE.map((address) => [address, atom(address)] as const),
      ];
      for (const [from, i] of parties) {
        for (const [to, j] of parties) {
          if (!isPod(from) && !isPod(to)) continue;
          const set = kernel.connections(i, j);
          for (const kind of ['TCP', 'UDP'] as const) {
            for (const number of PORTS) {
              const out = !isPod(from) || sideAllows(random, 'egress', from, to, kind, number);
              const into = !isPod(to) || sideAllows(random, 'ingress', to, from, kind, number);
              assert.equal(
                hasPort(set, kind, number),
                out && into,
                `${isPod(from) ? from.id : from} -> ${isPod(to) ? to.id : to} ${kind} ${number}`,
              );
              if (isPod(to)) {
                const last = kernel.trace('ingress', j, i, kind, number).at(-1)!;
                const allows = last.step === 'default' || (last.step === 'rule' && last.rule.rule.action === 'allow');
                assert.equal(allows, into);
              }
            }
          }
        }
      }
    }),
    { numRuns: 120 },
  );
});

test('ClusterNetworkPolicy: tiers, Accept, and ports by protocol', () => {
  const endpoint = (id: string): Endpoint => ({
    id,
    namespace: id[0]!,
    namespaceLabels: { n: id[0]! },
    labels: {},
    ports: [{ name: 'web', port: 8080, transport: 'TCP' }],
    hostNetwork: false,
    addresses: [],
  });
  const policy = (tier: string, rules: unknown): Resource =>
    resource('ClusterNetworkPolicy', tier, '', {
      tier,
      priority: 1,
      subject: { namespaces: { matchLabels: { n: 'b' } } },
      ingress: rules,
    });
  const kernel = new Kernel(
    [endpoint('a/x'), endpoint('b/y'), endpoint('c/z')],
    [
      readAdminPolicy(
        policy('Admin', [
          {
            action: 'Accept',
            from: [{ namespaces: { matchLabels: { n: 'a' } } }],
            protocols: [{ tcp: { destinationPort: { number: 80 } } }, { destinationNamedPort: 'web' }],
          },
          { action: 'Deny', from: [{ namespaces: { matchLabels: { n: 'a' } } }], protocols: [{ udp: {} }] },
        ]),
      ),
      readAdminPolicy(
        policy('Baseline', [
          {
            action: 'Deny',
            from: [{ namespaces: {} }],
            protocols: [{ tcp: { destinationPort: { range: { start: 1, end: 9000 } } } }],
          },
        ]),
      ),
    ],
  );
  for (const [from, of, number, want] of [
    [0, 'TCP', 80, true],
    [0, 'TCP', 8080, true],
    [0, 'TCP', 81, false],
    [0, 'TCP', 9001, true],
    [0, 'UDP', 53, false],
    [2, 'UDP', 53, true],
    [2, 'TCP', 80, false],
  ] as const) {
    assert.equal(hasPort(kernel.connections(from, 1), of, number), want, `${from} ${of} ${number}`);
  }
});

test('a host-network pod is no subject and no peer of selectors; a block that covers where pods may be speaks of them', () => {
  const base = { namespace: 'a', namespaceLabels: {}, labels: {}, ports: [], hostNetwork: false };
  const kernel = new Kernel(
    [
      { ...base, id: 'a/pod', addresses: intervalsOf(['10.244.0.0/16']) },
      { ...base, id: 'a/host', hostNetwork: true, addresses: intervalsOf(['192.168.0.0/24']) },
      { ...base, id: 'a/other', addresses: intervalsOf(['10.244.0.0/16']) },
      { ...base, id: 'a/target', labels: { app: 't' }, addresses: intervalsOf(['10.244.0.0/16']) },
    ],
    [
      readNetworkPolicy(
        resource('NetworkPolicy', 'all', 'a', {
          podSelector: {},
          ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 1 }] }],
        }),
      ),
      readNetworkPolicy(
        resource('NetworkPolicy', 'wide', 'a', {
          podSelector: {},
          ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 2 }] }],
        }),
      ),
      readNetworkPolicy(
        resource('NetworkPolicy', 'part', 'a', {
          podSelector: {},
          ingress: [{ from: [{ ipBlock: { cidr: '10.244.1.0/24' } }], ports: [{ port: 3 }] }],
        }),
      ),
    ],
  );
  const ports = (from: number, to: number): number[] =>
    [1, 2, 3].filter((number) => hasPort(kernel.connections(from, to), 'TCP', number));
  assert.deepEqual(ports(0, 3), [1, 2]);
  assert.deepEqual(ports(1, 3), []);
  assert.deepEqual(ports(0, 1), [1, 2, 3]);
});
