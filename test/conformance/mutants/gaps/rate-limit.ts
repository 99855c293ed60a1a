// Gap: an exposed route that anyone may call as often as they like.
import { add, casesOf, find, remove } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const ingress = (name: string, service: string, annotations: Doc, ingressClassName = 'nginx'): Doc => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, annotations },
  spec: {
    ingressClassName,
    tls: [{ hosts: ['shop.example.com'], secretName: 'shop-tls' }],
    rules: [
      {
        host: 'shop.example.com',
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: 80 } } } }] },
      },
    ],
  },
});
const gateway: Doc = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  metadata: { name: 'edge' },
  spec: {
    gatewayClassName: 'envoy',
    listeners: [
      { name: 'https', port: 443, protocol: 'HTTPS', tls: { mode: 'Terminate', certificateRefs: [{ name: 'shop-tls' }] } },
    ],
  },
};
const route = (name: string): Doc => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name },
  spec: {
    parentRefs: [{ name: 'edge' }],
    hostnames: [`${name}.example.com`],
    rules: [{ backendRefs: [{ name: 'frontend', port: 80 }] }],
  },
});
const limit = (
  kind: string,
  name: string,
  spec: Doc = { rateLimit: { type: 'Local', local: { rules: [{ limit: { requests: 20, unit: 'Second' } }] } } },
): Doc => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'BackendTrafficPolicy',
  metadata: { name: `limit-${name}` },
  spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind, name }], ...spec },
});
const NGINX = 'nginx.ingress.kubernetes.io';

/** The boutique behind an Ingress and a Gateway, both with limits. */
function limited(world: World): World {
  remove(world, 'Service', 'frontend-external');
  add(
    world,
    ingress('shop', 'frontend', { [`${NGINX}/limit-rps`]: '20' }),
    gateway,
    route('web'),
    route('api'),
    limit('HTTPRoute', 'web'),
    limit('HTTPRoute', 'api'),
  );
  return world;
}

const annotate = (set: Doc) => (world: World) => {
  find(world, 'Ingress', 'shop')['metadata'].annotations = set;
};
const limitFor = (name: string, change: (spec: Doc) => void) => (world: World) =>
  change(find(world, 'BackendTrafficPolicy', `limit-${name}`)['spec'] as Doc);
const haproxy = (annotations: Doc) => (world: World) => add(world, ingress('more', 'frontend', annotations, 'haproxy'));
const traefik = (annotations: Doc) => (world: World) => add(world, ingress('more', 'frontend', annotations, 'traefik'));
const middleware = (name: string, spec: Doc): Doc => ({
  apiVersion: 'traefik.io/v1alpha1',
  kind: 'Middleware',
  metadata: { name, namespace: 'default' },
  spec,
});
const ingressRoute = (middlewares: readonly Doc[]): Doc => ({
  apiVersion: 'traefik.io/v1alpha1',
  kind: 'IngressRoute',
  metadata: { name: 'more', namespace: 'default' },
  spec: {
    entryPoints: ['websecure'],
    tls: {},
    routes: [{ match: 'Host(`m.example.com`)', kind: 'Rule', middlewares, services: [{ name: 'frontend', port: 80 }] }],
  },
});
const both =
  (...edits: readonly ((world: World) => void)[]) =>
  (world: World) => {
    for (const edit of edits) edit(world);
  };

export const gap: Gap = {
  name: 'rate-limit',
  codes: ['route.', 'rate-limit.'],
  cases(systems) {
    const mutants: Record<string, (world: World) => void> = {
      'ingress without annotations': annotate({}),
      'a limit of zero, which means none': annotate({ [`${NGINX}/limit-rps`]: '0' }),
      'only the burst is set': annotate({ [`${NGINX}/limit-burst-multiplier`]: '5' }),
      'only the allow list of the limit': annotate({ [`${NGINX}/limit-whitelist`]: '10.0.0.0/8' }),
      'a misspelled annotation': annotate({ [`${NGINX}/limit-rpss`]: '20' }),
      'the annotation of another controller': annotate({ 'haproxy.org/rate-limit-requests': '20' }),
      'a second ingress without a limit': (world) => add(world, ingress('admin', 'frontend', {})),
      'haproxy without a limit': haproxy({}),
      'haproxy with a time but no number': haproxy({ 'haproxy.org/rate-limit-period': '1m' }),
      'traefik without a middleware': traefik({}),
      'traefik with a middleware that limits nothing': both(
        (world) => add(world, middleware('plain', { compress: {} })),
        traefik({ 'traefik.ingress.kubernetes.io/router.middlewares': 'default-plain@kubernetescrd' }),
      ),
      'traefik names a middleware that is not there': traefik({
        'traefik.ingress.kubernetes.io/router.middlewares': 'default-gone@kubernetescrd',
      }),
      'a Traefik route without middlewares': (world) => add(world, ingressRoute([])),
      'a Traefik route with another middleware': (world) =>
        add(world, middleware('plain', { compress: {} }), ingressRoute([{ name: 'plain' }])),
      'a load balancer straight to the service': (world) => {
        find(world, 'Service', 'frontend')['spec'].type = 'LoadBalancer';
      },
      'a third route without a limit': (world) => add(world, route('more')),
    };
    for (const name of ['web', 'api']) {
      mutants[`${name}: no policy`] = (world) => remove(world, 'BackendTrafficPolicy', `limit-${name}`);
      mutants[`${name}: the policy targets another route`] = limitFor(name, (spec) => (spec['targetRefs'][0].name = 'other'));
      mutants[`${name}: the policy lies in another namespace`] = (world) => {
        find(world, 'BackendTrafficPolicy', `limit-${name}`)['metadata'].namespace = 'elsewhere';
      };
      mutants[`${name}: the policy has timeouts only`] = limitFor(name, (spec) => {
        delete spec['rateLimit'];
        spec['timeout'] = { http: { requestTimeout: '5s' } };
      });
    }
    const twins: Record<string, (world: World) => void> = {
      'a limit per minute': annotate({ [`${NGINX}/limit-rpm`]: '600' }),
      'a limit of connections': annotate({ [`${NGINX}/limit-connections`]: '10' }),
      'a limit with a burst and an allow list': annotate({
        [`${NGINX}/limit-rps`]: '5',
        [`${NGINX}/limit-burst-multiplier`]: '2',
        [`${NGINX}/limit-whitelist`]: '10.0.0.0/24',
      }),
      'a second ingress with a limit': (world) => add(world, ingress('admin', 'frontend', { [`${NGINX}/limit-rps`]: '2' })),
      'haproxy with a limit': haproxy({ 'haproxy.org/rate-limit-requests': '20' }),
      'haproxy with its period': haproxy({ 'haproxy.org/rate-limit-requests': '100', 'haproxy.org/rate-limit-period': '1m' }),
      'haproxy-ingress with a limit': haproxy({ 'haproxy-ingress.github.io/limit-rps': '20' }),
      'traefik with a middleware that limits': both(
        (world) => add(world, middleware('slow', { rateLimit: { average: 20, burst: 10 } })),
        traefik({ 'traefik.ingress.kubernetes.io/router.middlewares': 'default-slow@kubernetescrd' }),
      ),
      'traefik with two middlewares': both(
        (world) => add(world, middleware('slow', { rateLimit: { average: 20 } }), middleware('plain', { compress: {} })),
        traefik({ 'traefik.ingress.kubernetes.io/router.middlewares': 'default-plain@kubernetescrd,default-slow@kubernetescrd' }),
      ),
      'a Traefik route with a limit': (world) =>
        add(world, middleware('slow', { rateLimit: { average: 20 } }), ingressRoute([{ name: 'slow' }])),
      'a Traefik route with a limit of requests in flight': (world) =>
        add(world, middleware('slow', { inFlightReq: { amount: 10 } }), ingressRoute([{ name: 'slow' }])),
      'one policy on the gateway for all routes': both(
        (world) => remove(world, 'BackendTrafficPolicy', 'limit-web'),
        (world) => remove(world, 'BackendTrafficPolicy', 'limit-api'),
        (world) => add(world, limit('Gateway', 'edge')),
      ),
      'a third route with a limit': (world) => add(world, route('more'), limit('HTTPRoute', 'more')),
      'a route that belongs to no gateway': (world) => {
        add(world, route('more'));
        find(world, 'HTTPRoute', 'more')['spec'].parentRefs = [{ name: 'not-here' }];
      },
      'a service inside the cluster': (world) => {
        find(world, 'Service', 'cartservice')['spec'].type = 'ClusterIP';
      },
    };
    for (const name of ['web', 'api']) {
      twins[`${name}: a global limit`] = limitFor(
        name,
        (spec) => (spec['rateLimit'] = { type: 'Global', global: { rules: [{ limit: { requests: 5, unit: 'Minute' } }] } }),
      );
      twins[`${name}: the old targetRef`] = limitFor(name, (spec) => {
        [spec['targetRef']] = spec['targetRefs'];
        delete spec['targetRefs'];
      });
      twins[`${name}: timeouts beside the limit`] = limitFor(
        name,
        (spec) => (spec['timeout'] = { http: { requestTimeout: '5s' } }),
      );
    }
    return casesOf(limited(systems.boutique()), mutants, twins);
  },
};
