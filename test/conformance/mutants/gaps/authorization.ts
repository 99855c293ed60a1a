// Gap: AuthorizationPolicies that mean more than they say.
import { add, casesOf, find, remove } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const SERVICES = [
  ['productpage', 'istio-ingressgateway-service-account', 'istio-system'],
  ['details', 'bookinfo-productpage', 'default'],
  ['reviews', 'bookinfo-productpage', 'default'],
  ['ratings', 'bookinfo-reviews', 'default'],
] as const;

/** Bookinfo in a strict mesh, each service open to its caller alone, everything else denied. */
function guarded(world: World): World {
  for (const doc of world.docs) doc['metadata'].namespace = 'default';
  add(
    world,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default', labels: { 'istio-injection': 'enabled' } } },
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'istio-ingressgateway-service-account', namespace: 'istio-system' },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'default', namespace: 'istio-system' },
      spec: { mtls: { mode: 'STRICT' } },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'deny-all', namespace: 'default' },
      spec: {},
    },
  );
  for (const [service, account, namespace] of SERVICES)
    add(world, {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: service, namespace: 'default' },
      spec: {
        selector: { matchLabels: { app: service } },
        action: 'ALLOW',
        rules: [
          {
            from: [{ source: { principals: [`cluster.local/ns/${namespace}/sa/${account}`] } }],
            to: [{ operation: { methods: ['GET'], paths: [`/${service}*`] } }],
          },
        ],
      },
    });
  return world;
}

type Edit = (spec: Doc, world: World, name: string) => void;

const WIDER: Readonly<Record<string, Edit>> = {
  'from and to split by a dash': (spec) => {
    const [{ from, to }] = spec['rules'];
    spec['rules'] = [{ from }, { to }];
  },
  'a rule that matches everything': (spec) => spec['rules'].push({}),
  'any principal': (spec) => (spec['rules'][0].from[0].source.principals = ['*']),
  'no selector': (spec) => delete spec['selector'],
  'a selector that selects nothing': (spec) => (spec['selector'].matchLabels.app += '-x'),
  'a principal that does not exist': (spec) =>
    (spec['rules'][0].from[0].source.principals = ['cluster.local/ns/default/sa/nobody-here']),
  'a principal with the scheme': (spec) =>
    (spec['rules'][0].from[0].source.principals[0] = `spiffe://${spec['rules'][0].from[0].source.principals[0] as string}`),
};

const SAME: Readonly<Record<string, Edit>> = {
  'callers twice': (spec) => spec['rules'][0].from.push(structuredClone(spec['rules'][0].from[0])),
  'two rules that are each whole': (spec) => {
    const [rule] = spec['rules'];
    spec['rules'] = [
      { from: rule.from, to: [{ operation: { methods: ['GET'], paths: rule.to[0].operation.paths } }] },
      { from: rule.from, to: [{ operation: { methods: ['HEAD'], paths: rule.to[0].operation.paths } }] },
    ];
  },
  'the action left to its default': (spec) => delete spec['action'],
  'another name': (_, world, name) => (find(world, 'AuthorizationPolicy', name)['metadata'].name = `allow-${name}`),
  'a second path': (spec) => spec['rules'][0].to[0].operation.paths.push('/health'),
  'flow style order': (spec) => {
    const [rule] = spec['rules'];
    spec['rules'] = [{ to: rule.to, from: rule.from }];
  },
};

export const gap: Gap = {
  name: 'authorization',
  codes: ['policy.', 'mesh.', 'istio.'],
  cases(systems) {
    const over = (changes: typeof WIDER): Record<string, (world: World) => void> =>
      Object.fromEntries(
        SERVICES.flatMap(([name]) =>
          Object.entries(changes).map(([what, edit]) => [
            `${name}: ${what}`,
            (world: World) => edit(find(world, 'AuthorizationPolicy', name)['spec'] as Doc, world, name),
          ]),
        ),
      );
    return casesOf(
      guarded(systems.bookinfo()),
      {
        ...over(WIDER),
        'allow beside nothing': (world) => {
          remove(world, 'AuthorizationPolicy', 'deny-all');
          remove(world, 'AuthorizationPolicy', 'ratings');
        },
        'a host without its port': (world) => {
          find(world, 'AuthorizationPolicy', 'productpage')['spec'].rules[0].to[0].operation.hosts = ['shop.example.com'];
          find(world, 'AuthorizationPolicy', 'productpage')['spec'].action = 'DENY';
        },
        'a deny of an exact path that other spellings pass': (world) =>
          add(world, {
            apiVersion: 'security.istio.io/v1',
            kind: 'AuthorizationPolicy',
            metadata: { name: 'no-admin', namespace: 'default' },
            spec: {
              selector: { matchLabels: { app: 'productpage' } },
              action: 'DENY',
              rules: [{ to: [{ operation: { paths: ['/productpage/admin'] } }] }],
            },
          }),
      },
      {
        ...over(SAME),
        'a deny on top': (world) =>
          add(world, {
            apiVersion: 'security.istio.io/v1',
            kind: 'AuthorizationPolicy',
            metadata: { name: 'no-writes', namespace: 'default' },
            spec: {
              selector: { matchLabels: { app: 'ratings' } },
              action: 'DENY',
              rules: [{ to: [{ operation: { methods: ['DELETE'] } }] }],
            },
          }),
      },
    );
  },
};
