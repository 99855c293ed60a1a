// Gap: an exposed route without a limit; behind the gateways and controllers of other makers.
import { gap as first } from '../gaps/rate-limit.ts';
import { add, casesOf, find } from '../world.ts';
import type { Doc, Gap, World } from '../world.ts';

const NAMESPACE = 'sock-shop';
const object = (apiVersion: string, kind: string, name: string, rest: Doc, metadata: Doc = {}): Doc => ({
  apiVersion,
  kind,
  metadata: { name, namespace: NAMESPACE, ...metadata },
  ...rest,
});
const ingress = (name: string, className: string, annotations: Doc = {}): Doc =>
  object(
    'networking.k8s.io/v1',
    'Ingress',
    name,
    {
      spec: {
        ingressClassName: className,
        tls: [{ hosts: [`${name}.socks.example`], secretName: `${name}-tls` }],
        rules: [
          {
            host: `${name}.socks.example`,
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'front-end', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
    { annotations },
  );
const plugin = (name: string, kind: string, config: Doc, more: Doc = {}): Doc =>
  object('configuration.konghq.com/v1', 'KongPlugin', name, { plugin: kind, config, ...more });
const proxy = (name: string, route: Doc, host: Doc = {}): Doc =>
  object('projectcontour.io/v1', 'HTTPProxy', name, {
    spec: {
      virtualhost: { fqdn: `${name}.socks.example`, tls: { secretName: 'socks-tls' }, ...host },
      routes: [{ conditions: [{ prefix: '/' }], services: [{ name: 'front-end', port: 80 }], ...route }],
    },
  });
const virtualServer = (name: string, spec: Doc): Doc =>
  object('k8s.nginx.org/v1', 'VirtualServer', name, {
    spec: {
      host: `${name}.socks.example`,
      tls: { secret: 'socks-tls' },
      upstreams: [{ name: 'fe', service: 'front-end', port: 80 }],
      routes: [{ path: '/', action: { pass: 'fe' } }],
      ...spec,
    },
  });
const nginxPolicy = (spec: Doc): Doc => object('k8s.nginx.org/v1', 'Policy', 'edge-policy', { spec });
const istioGateway = object('networking.istio.io/v1beta1', 'Gateway', 'socks-gateway', {
  spec: {
    selector: { istio: 'ingressgateway' },
    servers: [
      {
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        hosts: ['socks.example'],
        tls: { mode: 'SIMPLE', credentialName: 'socks' },
      },
    ],
  },
});
const virtualService = (name: string, more: Doc = {}): Doc =>
  object('networking.istio.io/v1beta1', 'VirtualService', name, {
    spec: {
      hosts: ['socks.example'],
      gateways: ['socks-gateway'],
      http: [{ route: [{ destination: { host: 'front-end', port: { number: 80 } } }] }],
      ...more,
    },
  });
const localLimit = (filter: Doc, where: Doc, name = 'edge-limit'): Doc =>
  object('networking.istio.io/v1alpha3', 'EnvoyFilter', name, {
    spec: {
      ...where,
      configPatches: [
        {
          applyTo: 'HTTP_FILTER',
          match: { context: 'GATEWAY' },
          patch: {
            operation: 'INSERT_BEFORE',
            value: {
              name: 'envoy.filters.http.local_ratelimit',
              typed_config: {
                '@type': 'type.googleapis.com/udpa.type.v1.TypedStruct',
                type_url: 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit',
                value: {
                  stat_prefix: 'limit',
                  token_bucket: { max_tokens: 50, tokens_per_fill: 50, fill_interval: '1s' },
                  filter_enabled: { runtime_key: 'on', default_value: { numerator: 100, denominator: 'HUNDRED' } },
                  filter_enforced: { runtime_key: 'enforced', default_value: { numerator: 100, denominator: 'HUNDRED' } },
                  ...filter,
                },
              },
            },
          },
        },
      ],
    },
  });
const AT_EDGE = { workloadSelector: { labels: { istio: 'ingressgateway' } } };
const gateway = object('gateway.networking.k8s.io/v1', 'Gateway', 'public', {
  spec: {
    gatewayClassName: 'kong',
    listeners: [{ name: 'https', port: 443, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'socks-tls' }] } }],
  },
});
const grpcRoute = (metadata: Doc = {}): Doc =>
  object(
    'gateway.networking.k8s.io/v1',
    'GRPCRoute',
    'orders',
    { spec: { parentRefs: [{ name: 'public' }], rules: [{ backendRefs: [{ name: 'orders', port: 80 }] }] } },
    metadata,
  );
const balancer =
  (annotations: Doc, more: Doc = {}) =>
  (world: World) => {
    const service = find(world, 'Service', 'front-end');
    service['metadata'].annotations = annotations;
    service['spec'] = {
      selector: { name: 'front-end' },
      type: 'LoadBalancer',
      ports: [{ name: 'http', port: 80, targetPort: 8079 }],
      ...more,
    };
  };
const openShift = (annotations: Doc): Doc =>
  object(
    'route.openshift.io/v1',
    'Route',
    'front-end',
    { spec: { host: 'socks.example', to: { kind: 'Service', name: 'front-end' }, tls: { termination: 'edge' } } },
    { annotations },
  );
const put =
  (...docs: readonly Doc[]) =>
  (world: World) =>
    add(world, ...docs);

/** The front end is a NodePort as published; here it is a Service inside, so that only what a case adds leads to it. */
function inside(world: World): World {
  const { spec } = find(world, 'Service', 'front-end');
  spec.type = 'ClusterIP';
  for (const port of spec.ports as Doc[]) delete port['nodePort'];
  return world;
}

export const gap: Gap = {
  name: 'more-rate-limit',
  codes: first.codes,
  cases: (systems) =>
    casesOf(
      inside(systems.sockShop()),
      {
        'Kong: an Ingress with an authentication plugin alone': put(
          plugin('who', 'key-auth', {}),
          ingress('kong', 'kong', { 'konghq.com/plugins': 'who' }),
        ),
        'Kong: the plugin is switched off': put(
          plugin('slow', 'rate-limiting', { minute: 60, policy: 'local' }, { disabled: true }),
          ingress('kong', 'kong', { 'konghq.com/plugins': 'slow' }),
        ),
        'Kong: the plugin is there and nothing names it': put(
          plugin('slow', 'rate-limiting', { minute: 60, policy: 'local' }),
          ingress('kong', 'kong'),
        ),
        'Kong: a size limit is no rate limit': put(
          plugin('small', 'request-size-limiting', { allowed_payload_size: 8 }),
          ingress('kong', 'kong', { 'konghq.com/plugins': 'small' }),
        ),
        'Contour: timeouts only': put(proxy('contour', { timeoutPolicy: { response: '5s' } })),
        'Contour: retries only': put(proxy('contour', { retryPolicy: { count: 3, perTryTimeout: '200ms' } })),
        'NGINX Inc: no policy': put(virtualServer('plus', {})),
        'NGINX Inc: an access policy': put(
          nginxPolicy({ accessControl: { allow: ['10.0.0.0/8'] } }),
          virtualServer('plus', { policies: [{ name: 'edge-policy' }] }),
        ),
        'NGINX Inc: the policy lies elsewhere': put(
          nginxPolicy({ rateLimit: { rate: '10r/s', key: '${binary_remote_addr}', zoneSize: '10M' } }),
          virtualServer('plus', { policies: [{ name: 'edge-policy', namespace: 'nginx-ingress' }] }),
        ),
        'Istio: no filter': put(istioGateway, virtualService('web')),
        'Istio: the filter is enabled for nobody': put(
          istioGateway,
          virtualService('web'),
          localLimit({ filter_enforced: { default_value: { numerator: 0, denominator: 'HUNDRED' } } }, AT_EDGE),
        ),
        'Istio: the filter selects the egress gateway': put(
          istioGateway,
          virtualService('web'),
          localLimit({}, { workloadSelector: { labels: { istio: 'egressgateway' } } }),
        ),
        'Istio: retries and timeouts are no limit': put(
          istioGateway,
          virtualService('web', {
            http: [
              {
                timeout: '3s',
                retries: { attempts: 2, perTryTimeout: '1s' },
                route: [{ destination: { host: 'front-end', port: { number: 80 } } }],
              },
            ],
          }),
        ),
        'AWS: an ALB without a firewall': put(
          ingress('alb', 'alb', {
            'alb.ingress.kubernetes.io/scheme': 'internet-facing',
            'alb.ingress.kubernetes.io/target-type': 'ip',
          }),
        ),
        'GCE: a static address alone': put(
          ingress('gce', 'gce', { 'kubernetes.io/ingress.global-static-ip-name': 'socks', 'kubernetes.io/ingress.class': 'gce' }),
        ),
        'a GRPCRoute at Kong': put(gateway, grpcRoute()),
        'a load balancer for the whole world': balancer({ 'service.beta.kubernetes.io/aws-load-balancer-type': 'external' }),
        'a load balancer with source ranges that hold everyone': balancer(
          {},
          { loadBalancerSourceRanges: ['10.0.0.0/8', '0.0.0.0/0'] },
        ),
        'OpenShift: the limit is not switched on': put(
          openShift({ 'haproxy.router.openshift.io/rate-limit-connections.rate-http': '20' }),
        ),
        'an Ingress with the class in an annotation': put(
          ingress('old', 'nginx', {
            'nginx.ingress.kubernetes.io/proxy-body-size': '8m',
            'nginx.ingress.kubernetes.io/limit-rate': '0',
          }),
        ),
      },
      {
        'Kong: the plugin on the Ingress': put(
          plugin('slow', 'rate-limiting', { minute: 60, policy: 'local' }),
          ingress('kong', 'kong', { 'konghq.com/plugins': 'who, slow' }),
        ),
        'Kong: the advanced plugin': put(
          plugin('slow', 'rate-limiting-advanced', { limit: [60], window_size: [60] }),
          ingress('kong', 'kong', { 'konghq.com/plugins': 'slow' }),
        ),
        'Kong: a plugin for everything': put(
          {
            apiVersion: 'configuration.konghq.com/v1',
            kind: 'KongClusterPlugin',
            metadata: { name: 'all', labels: { global: 'true' } },
            plugin: 'rate-limiting',
            config: { second: 5 },
          },
          ingress('kong', 'kong'),
        ),
        'Contour: a local limit on the route': put(
          proxy('contour', { rateLimitPolicy: { local: { requests: 20, unit: 'second', burst: 5 } } }),
        ),
        'Contour: a global limit on the host': put(
          proxy('contour', {}, { rateLimitPolicy: { global: { descriptors: [{ entries: [{ remoteAddress: {} }] }] } } }),
        ),
        'Contour: a proxy that is only included': put(
          object('projectcontour.io/v1', 'HTTPProxy', 'part', {
            spec: { routes: [{ services: [{ name: 'front-end', port: 80 }] }] },
          }),
        ),
        'NGINX Inc: a policy that limits': put(
          nginxPolicy({ rateLimit: { rate: '10r/s', key: '${binary_remote_addr}', zoneSize: '10M' } }),
          virtualServer('plus', { policies: [{ name: 'edge-policy' }] }),
        ),
        'NGINX Inc: on the route': put(
          nginxPolicy({ rateLimit: { rate: '10r/s', key: '${binary_remote_addr}', zoneSize: '10M' } }),
          virtualServer('plus', { routes: [{ path: '/', policies: [{ name: 'edge-policy' }], action: { pass: 'fe' } }] }),
        ),
        'Istio: a local limit at the gateway': put(istioGateway, virtualService('web'), localLimit({}, AT_EDGE)),
        'Istio: a virtual service inside the mesh': put(virtualService('inner', { hosts: ['front-end'], gateways: ['mesh'] })),
        'Istio: a redirect alone': put(
          istioGateway,
          virtualService('old', { hosts: ['www.socks.example'], http: [{ redirect: { authority: 'socks.example' } }] }),
        ),
        'AWS: an ALB behind a firewall': put(
          ingress('alb', 'alb', {
            'alb.ingress.kubernetes.io/scheme': 'internet-facing',
            'alb.ingress.kubernetes.io/wafv2-acl-arn': 'arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/socks/0f0f',
          }),
        ),
        'AWS: an internal ALB': put(ingress('alb', 'alb', { 'alb.ingress.kubernetes.io/scheme': 'internal' })),
        'AWS: an internal network load balancer': balancer({ 'service.beta.kubernetes.io/aws-load-balancer-scheme': 'internal' }),
        'Azure: an internal load balancer': balancer({ 'service.beta.kubernetes.io/azure-load-balancer-internal': 'true' }),
        'a load balancer for the office alone': balancer({}, { loadBalancerSourceRanges: ['203.0.113.0/28'] }),
        'a load balancer of a database, which speaks no HTTP': balancer({}, { ports: [{ name: 'mongo', port: 27017 }] }),
        'a GRPCRoute with a plugin of Kong': put(
          gateway,
          plugin('slow', 'rate-limiting', { minute: 60, policy: 'local' }),
          grpcRoute({ annotations: { 'konghq.com/plugins': 'slow' } }),
        ),
        'OpenShift: connections limited': put(
          openShift({
            'haproxy.router.openshift.io/rate-limit-connections': 'true',
            'haproxy.router.openshift.io/rate-limit-connections.rate-http': '20',
          }),
        ),
        'ingress-nginx by the old annotation of the class': put(
          ingress('old', 'nginx', { 'kubernetes.io/ingress.class': 'nginx', 'nginx.ingress.kubernetes.io/limit-rpm': '300' }),
        ),
      },
    ),
};
