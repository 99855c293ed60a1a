// Gap: AuthorizationPolicies that mean more than they say; in ambient meshes, at gateways, with conditions, and in Linkerd.
import { gap as first } from '../gaps/authorization.ts';
import { add, casesOf, find, remove } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const NAMESPACE = 'default';
const policy = (name: string, spec: Doc, namespace = NAMESPACE): Doc => ({
  apiVersion: 'security.istio.io/v1beta1',
  kind: 'AuthorizationPolicy',
  metadata: { name, namespace },
  spec,
});
const spec = (world: World, name: string): Doc => find(world, 'AuthorizationPolicy', name)['spec'] as Doc;
const rule = (world: World, name: string): Doc => spec(world, name)['rules'][0] as Doc;
const account = (name: string): string => `cluster.local/ns/default/sa/${name}`;

/** Online Boutique in a strict mesh: payment and shipping for the checkout, the cart for two callers, the rest closed. */
function guarded(world: World): World {
  for (const doc of world.docs) doc['metadata'].namespace = NAMESPACE;
  const allow = (name: string, callers: readonly string[], path: string): Doc =>
    policy(name, {
      selector: { matchLabels: { app: name } },
      action: 'ALLOW',
      rules: [
        {
          from: [{ source: { principals: callers.map(account) } }],
          to: [{ operation: { methods: ['POST'], paths: [path] } }],
        },
      ],
    });
  const open = world.docs
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ metadata }) => String(metadata.name))
    .filter((name) => !['paymentservice', 'shippingservice', 'cartservice'].includes(name));
  add(
    world,
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: { 'istio-injection': 'enabled' } } },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'strict', namespace: 'istio-system' },
      spec: { mtls: { mode: 'STRICT' } },
    },
    policy('nothing', {}),
    allow('paymentservice', ['checkoutservice'], '/hipstershop.PaymentService/Charge'),
    allow('shippingservice', ['checkoutservice', 'frontend'], '/hipstershop.ShippingService/*'),
    allow('cartservice', ['checkoutservice', 'frontend'], '/hipstershop.CartService/*'),
    ...open.map((name) =>
      policy(name, {
        selector: { matchLabels: { app: name } },
        rules: [{ from: [{ source: { namespaces: [NAMESPACE] } }] }],
      }),
    ),
  );
  return world;
}

const put =
  (...docs: readonly Doc[]) =>
  (world: World) =>
    add(world, ...docs);
const deny = (name: string, rules: readonly Doc[], app = 'frontend'): Doc =>
  policy(name, { selector: { matchLabels: { app } }, action: 'DENY', rules });
export const gap: Gap = {
  name: 'more-authorization',
  codes: first.codes,
  cases: (systems) =>
    casesOf(
      guarded(systems.boutique()),
      {
        'payment: `to` became a rule of its own': (world) => {
          const { from, to } = rule(world, 'paymentservice');
          spec(world, 'paymentservice')['rules'] = [{ from }, { to }];
        },
        'cart: `when` became a rule of its own': (world) => {
          const one = rule(world, 'cartservice');
          spec(world, 'cartservice')['rules'] = [one, { when: [{ key: 'request.headers[x-request-id]', values: ['*'] }] }];
        },
        'payment: two sources where one was meant': (world) => {
          rule(world, 'paymentservice')['from'] = [
            { source: { principals: [account('checkoutservice')] } },
            { source: { namespaces: [NAMESPACE] } },
            { source: { principals: ['*'] } },
          ];
        },
        'payment: everyone but one': (world) => {
          rule(world, 'paymentservice')['from'] = [{ source: { notPrincipals: [account('adservice')] } }];
        },
        'payment: an account that is misspelt': (world) => {
          rule(world, 'paymentservice')['from'][0].source.principals = [account('checkout')];
        },
        'payment: a namespace that is misspelt': (world) => {
          rule(world, 'paymentservice')['from'] = [{ source: { namespaces: ['defualt'] } }];
        },
        'payment: the trust domain of another cluster': (world) => {
          rule(world, 'paymentservice')['from'][0].source.principals = ['td2/ns/default/sa/checkoutservice'];
        },
        'payment: the short name of an account': (world) => {
          rule(world, 'paymentservice')['from'][0].source.principals = ['checkoutservice'];
        },
        'payment: a method in small letters': (world) => {
          rule(world, 'paymentservice')['to'][0].operation.methods = ['post'];
        },
        'payment: the port of the service and not of the pod': (world) => {
          rule(world, 'shippingservice')['to'][0].operation.ports = ['50055'];
        },
        'payment: a path without its slash': (world) => {
          rule(world, 'paymentservice')['to'][0].operation.paths = ['hipstershop.PaymentService/Charge'];
        },
        'payment: a star in the middle': (world) => {
          rule(world, 'paymentservice')['to'][0].operation.paths = ['/hipstershop.*/Charge'];
        },
        'payment: only a dry run': (world) => {
          find(world, 'AuthorizationPolicy', 'paymentservice')['metadata'].annotations = { 'istio.io/dry-run': 'true' };
          remove(world, 'AuthorizationPolicy', 'nothing');
        },
        'payment: an empty rule': (world) => {
          spec(world, 'paymentservice')['rules'].push({});
        },
        'payment: selects by a label of the Service alone': (world) => {
          spec(world, 'paymentservice')['selector'].matchLabels = { 'service-of': 'payments' };
        },
        'one policy without a selector for all': put(
          policy('from-frontend', { action: 'ALLOW', rules: [{ from: [{ source: { principals: [account('frontend')] } }] }] }),
        ),
        'deny by host, without the port': put(deny('admin-host', [{ to: [{ operation: { hosts: ['admin.shop.example'] } }] }])),
        'deny by an exact path': put(deny('admin-path', [{ to: [{ operation: { paths: ['/admin'] } }] }])),
        'deny to everything but one method': put(deny('methods', [{ to: [{ operation: { notMethods: ['get'] } }] }])),
        'the whole mesh allows the frontend': put(
          policy('mesh', { rules: [{ from: [{ source: { principals: ['*'] } }] }] }, 'istio-system'),
        ),
        'an unknown way to ask outside': put(
          policy('outside', {
            selector: { matchLabels: { app: 'frontend' } },
            action: 'CUSTOM',
            provider: { name: 'gone' },
            rules: [{}],
          }),
        ),
      },
      {
        'payment: `from` and `to` in the other order': (world) => {
          const { from, to } = rule(world, 'paymentservice');
          spec(world, 'paymentservice')['rules'] = [{ to, from }];
        },
        'payment: two whole rules': (world) => {
          const one = rule(world, 'paymentservice');
          spec(world, 'paymentservice')['rules'] = [
            one,
            { from: one['from'], to: [{ operation: { methods: ['POST'], paths: ['/grpc.health.v1.Health/Check'] } }] },
          ];
        },
        'payment: a condition inside the rule': (world) => {
          rule(world, 'paymentservice')['when'] = [{ key: 'source.namespace', values: [NAMESPACE] }];
        },
        'payment: two paths': (world) => {
          rule(world, 'paymentservice')['to'][0].operation.paths.push('/hipstershop.PaymentService/Refund');
        },
        'payment: the port of the pod': (world) => {
          rule(world, 'shippingservice')['to'][0].operation.ports = ['50051'];
        },
        'payment: a second policy for a second caller': put(
          policy('payment-frontend', {
            selector: { matchLabels: { app: 'paymentservice' } },
            rules: [
              {
                from: [{ source: { principals: [account('frontend')] } }],
                to: [{ operation: { methods: ['POST'], paths: ['/hipstershop.PaymentService/Quote'] } }],
              },
            ],
          }),
        ),
        'payment: written in the newest version': (world) => {
          find(world, 'AuthorizationPolicy', 'paymentservice')['apiVersion'] = 'security.istio.io/v1';
        },
        'payment: a prefix': (world) => {
          rule(world, 'paymentservice')['to'][0].operation.paths = ['/hipstershop.PaymentService/*'];
        },
        'deny what comes from other namespaces': put(
          deny('other-namespaces', [{ from: [{ source: { notNamespaces: [NAMESPACE] } }] }], 'paymentservice'),
        ),
        'deny a method': put(deny('no-deletes', [{ to: [{ operation: { methods: ['DELETE', 'PATCH'] } }] }])),
        'deny a host with and without its port': put(
          deny('admin-host', [{ to: [{ operation: { hosts: ['admin.shop.example', 'admin.shop.example:*'] } }] }]),
        ),
        'watched only': put(policy('audit', { selector: { matchLabels: { app: 'frontend' } }, action: 'AUDIT', rules: [{}] })),
        'labels and annotations': (world) => {
          Object.assign(find(world, 'AuthorizationPolicy', 'paymentservice')['metadata'] as Doc, {
            labels: { team: 'payments' },
            annotations: { 'example.com/reviewed': 'yes' },
          });
        },
        'the order of callers': (world) => {
          rule(world, 'cartservice')['from'][0].source.principals.reverse();
        },
      },
    ),
};
