// What the product is given to do at the bench: the plans that control would make of such a system, with 100 policies on each workload that is called.
import { DEFAULT_MESH, type AuthorizationPolicy } from '#model/istio.ts';
import type { ServingCertificate } from '#model/observed.ts';
import { DEFAULT_LIMITS } from '#model/platform.ts';
import type { NodePlan } from '#plan/plan.ts';

const POLICIES = 100;
const IP = '127.0.0.1';

type Address = { readonly ip: string; readonly port: number };
const address = (port: number): Address => ({ ip: IP, port });
const identity = (name: string): string => `spiffe://cluster.local/ns/shop/sa/${name}`;
const BASE = { version: '0'.repeat(64), mesh: DEFAULT_MESH, limits: DEFAULT_LIMITS, extAuthz: [], closed: [] };

/** 99 policies about others, and the one that lets the bench's request through. */
function policies(): NodePlan['workloads'][number]['policies'] {
  const authorization = Array.from({ length: POLICIES }, (_, i) => {
    const last = i === POLICIES - 1;
    const rule = last
      ? { to: [{ operation: { methods: ['GET', 'POST'], paths: ['/*'] } }] }
      : {
          from: [{ source: { principals: [`cluster.local/ns/shop/sa/caller-${i}`] } }],
          to: [{ operation: { methods: ['GET', 'POST'], paths: [`/api/v${i}/*`] } }],
        };
    const resource: AuthorizationPolicy = {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: `policy-${i}`, namespace: 'shop', labels: {}, annotations: {} },
      spec: { action: 'ALLOW', rules: [rule] },
      body: {},
    };
    return { resource, at: {} };
  });
  return { authorization, requestAuthentication: [] };
}

function cluster(name: string, endpoint: Address, peer: string): NodePlan['clusters'][number] {
  return {
    id: `shop/${name}:80`,
    service: `shop/${name}`,
    host: `${name}.shop.svc.cluster.local`,
    port: 80,
    protocol: 'http',
    sni: `outbound_.80_._.${name}.shop.svc.cluster.local`,
    endpoints: [{ workload: `shop/${name}`, address: endpoint, identity: peer }],
  };
}

/** One gateway with one route to the origin. @param entry port it listens on @param certificate with it, the listener ends TLS */
export function gatewayPlan(origin: number, entry: number, certificate?: ServingCertificate): NodePlan {
  const rule = {
    matches: [{ path: { type: 'PathPrefix' as const, value: '/' }, headers: [], queryParams: [] }],
    filters: [],
    backendRefs: [{ kind: 'Service', name: 'cart', port: 80, weight: 1 }],
  };
  const route = { id: 'shop/route#0', rule, backends: [{ cluster: 'shop/cart:80', weight: 1 }], at: '' };
  const virtualHosts = [{ hostnames: ['*'], rules: [route] }];
  return {
    ...BASE,
    workloads: [],
    clusters: [cluster('cart', address(origin), '')],
    gateways: [
      {
        id: 'shop/gateway',
        namespace: 'shop',
        name: 'gateway',
        labels: {},
        identity: identity('gateway'),
        policies: policies(),
        listeners: [
          {
            id: 'shop/gateway/http',
            listen: address(entry),
            port: entry,
            hostname: '',
            tls: certificate !== undefined,
            ...(certificate && { secure: { mode: 'Terminate', minVersion: 'TLSv1.3', certificates: [certificate] } }),
            virtualHosts,
          },
        ],
      },
    ],
  };
}

/** Pairs of workloads, `front-N` calling `cart-N` over mutual TLS. @param ports entry and inner port of each pair in turn @param http2 what the workloads speak */
export function pairsPlan(origin: number, ports: readonly number[], http2 = false): NodePlan {
  const speaks = http2 ? ({ http2: true } as const) : {};
  const numbers = Array.from({ length: ports.length / 2 }, (_, pair) => pair);
  const workload = (name: string) => ({
    id: `shop/${name}`,
    namespace: 'shop',
    name,
    labels: { app: name },
    identity: identity(name),
  });
  return {
    ...BASE,
    gateways: [],
    clusters: numbers.map((n) => ({ ...cluster(`cart-${n}`, address(ports[2 * n + 1]!), identity(`cart-${n}`)), ...speaks })),
    workloads: numbers.flatMap((n) => {
      const [entry, inner] = [address(ports[2 * n]!), address(ports[2 * n + 1]!)];
      return [
        {
          ...workload(`front-${n}`),
          inbound: [],
          outbound: [{ cluster: `shop/cart-${n}:80`, listen: entry, authority: `cart-${n}:80` }],
          policies: { authorization: [], requestAuthentication: [] },
        },
        {
          ...workload(`cart-${n}`),
          inbound: [
            {
              port: 80,
              protocol: 'http' as const,
              ...speaks,
              mtls: 'STRICT' as const,
              mtlsAt: '',
              listen: inner,
              app: address(origin),
            },
          ],
          outbound: [],
          policies: policies(),
        },
      ];
    }),
  };
}
