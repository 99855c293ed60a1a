import type { Gateway, HttpRoute } from '#model/gateway.ts';
import type { Resource } from '#model/resource.ts';
import type { System } from '#model/system.ts';
import type { Hit, ScanContext, SystemRule } from '../../rule.ts';
import { listAt, memberOf, objectAt, textAt, textsAt } from '#base/raw.ts';
import { shown } from '../../shown.ts';

export const gatewayPlain = {
  id: 'tls.gateway-plain',
  name: 'Gateway listener in clear',
  severity: 'medium',
  cwe: [319],
  why: 'What passes this listener is read and changed by whoever stands on the way: passwords, tokens and cookies of every caller.',
  help: 'Add an HTTPS listener with a certificate, and let the plain one only redirect.',
  references: [
    'https://gateway-api.sigs.k8s.io/guides/http-redirect-rewrite/',
    'https://istio.io/latest/docs/reference/config/networking/gateway/',
  ],
  tags: ['nsa-k8s:network', 'pci-dss:4.2.1', 'soc2:CC6.7'],
  check,
} as const satisfies SystemRule;

function* check({ system }: ScanContext): Generator<Hit> {
  const named = new Map<string, Set<HttpRoute>>();
  for (const route of system.httpRoutes)
    for (const ref of route.spec.parentRefs) {
      const id = `${ref.namespace ?? route.metadata.namespace}/${ref.name}`;
      const present = named.get(id);
      if (present) present.add(route);
      else named.set(id, new Set([route]));
    }
  for (const gateway of system.gateways)
    yield* checkGateway(gateway, [...(named.get(`${gateway.metadata.namespace}/${gateway.metadata.name}`) ?? [])]);
  for (const resource of system.resources) {
    if (resource.kind !== 'Gateway' || !resource.apiVersion.startsWith('networking.istio.io/')) continue;
    const selector = objectAt(resource.spec, 'selector');
    // East-west and egress gateways carry what is not from browsers.
    if (/egress|eastwest/.test(JSON.stringify(selector ?? {}))) continue;
    for (const [index, server] of listAt(resource.spec, 'servers').entries()) {
      const port = objectAt(server, 'port');
      const protocol = (textAt(port, 'protocol') ?? '').toUpperCase();
      const redirects = memberOf(objectAt(server, 'tls'), 'httpsRedirect') === true;
      if (!['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB'].includes(protocol) || redirects) continue;
      if (answersChallengesOnly(system, resource)) continue;
      const hosts = textsAt(server, 'hosts').map((host) => `\`${host}\``);
      yield {
        title: `Gateway \`${resource.metadata.name}\` takes ${protocol} on port \`${shown(memberOf(port, 'number'))}\` in clear for ${hosts.slice(0, 3).join(', ') || 'every host'}`,
        at: { resource, path: ['spec', 'servers', index, 'port', 'protocol'] },
        fix: {
          text: 'Redirect to an HTTPS server.',
          yaml: 'servers:\n  - port: {number: 80, name: http, protocol: HTTP}\n    hosts: ["shop.example.com"]\n    tls:\n      httpsRedirect: true',
        },
      };
    }
  }
}

const CHALLENGE = '/.well-known/acme-challenge';

/** Whether every route of an Istio gateway is the challenge of ACME, which is answered in clear, as it must be. */
function answersChallengesOnly({ resources }: System, { metadata }: Resource): boolean {
  const names = [metadata.name, `${metadata.namespace}/${metadata.name}`];
  const routes = resources
    .filter(
      ({ kind, apiVersion, spec, metadata: own }) =>
        kind === 'VirtualService' &&
        apiVersion.startsWith('networking.istio.io/') &&
        textsAt(spec, 'gateways').some(
          (name) => (name.includes('/') || own.namespace === metadata.namespace) && names.includes(name),
        ),
    )
    .flatMap(({ spec }) => listAt(spec, 'http'));
  return (
    routes.length > 0 &&
    routes.every((route) => {
      const matches = listAt(route, 'match');
      return (
        matches.length > 0 &&
        matches.every((match) => {
          const uri = objectAt(match, 'uri');
          return (textAt(uri, 'prefix') ?? textAt(uri, 'exact') ?? '').startsWith(CHALLENGE);
        })
      );
    })
  );
}

/** Mesh-internal classes serve workloads, not browsers. */
const INTERNAL = /waypoint|internal|mesh/;

function* checkGateway(gateway: Gateway, routes: readonly HttpRoute[]): Generator<Hit> {
  if (INTERNAL.test(gateway.spec.gatewayClassName)) return;
  for (const [index, listener] of gateway.spec.listeners.entries()) {
    if (listener.protocol !== 'HTTP') continue;
    const attached = routes.filter(({ spec, metadata }) =>
      spec.parentRefs.some(
        (ref) =>
          ref.name === gateway.metadata.name &&
          (ref.namespace ?? metadata.namespace) === gateway.metadata.namespace &&
          (ref.sectionName === undefined || ref.sectionName === listener.name) &&
          (ref.port === undefined || ref.port === listener.port),
      ),
    );
    const rules = attached.flatMap(({ spec }) => spec.rules);
    const redirects = (rule: HttpRoute['spec']['rules'][number]): boolean =>
      rule.filters.some((filter) => filter.type === 'RequestRedirect' && filter.scheme === 'https');
    // The challenge of ACME is answered in clear, as it must be.
    const clear = rules.filter((rule) => !redirects(rule) && !rule.matches.every(({ path }) => path.value.startsWith(CHALLENGE)));
    if (rules.some(redirects) && clear.length === 0) continue;
    const route = attached.find(({ spec }) => spec.rules.some((rule) => clear.includes(rule)));
    yield {
      title: route
        ? `Gateway \`${gateway.metadata.name}\` serves \`${route.metadata.name}\` in clear on port \`${listener.port}\``
        : `Gateway \`${gateway.metadata.name}\` listens in clear on port \`${listener.port}\`, and nothing there redirects to HTTPS`,
      severity: route ? 'medium' : 'low',
      at: { resource: gateway, path: ['spec', 'listeners', index, 'protocol'] },
      detail: listener.name,
      fix: {
        text: 'Let the plain listener only redirect, and attach routes to the HTTPS listener by `sectionName`.',
        yaml: `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: redirect-to-https\n  namespace: ${gateway.metadata.namespace}\nspec:\n  parentRefs:\n    - name: ${gateway.metadata.name}\n      sectionName: ${listener.name}\n  rules:\n    - filters:\n        - type: RequestRedirect\n          requestRedirect:\n            scheme: https\n            statusCode: 301`,
      },
    };
  }
}
