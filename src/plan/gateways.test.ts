// Listeners, attachment and conditions, from manifests to the plan.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayKind, planOf, tlsSecret } from '../../test/fakes/gateway.ts';
import { pair, publicCa } from '../../test/fakes/serving.ts';
import type { Condition, NodePlan } from './plan.ts';

const edge = (...listeners: string[]): string =>
  gatewayKind('Gateway', 'edge', `{gatewayClassName: x, listeners: [${listeners.join(', ')}]}`);
const route = (kind: string, name: string, parent: string, more = ''): string =>
  gatewayKind(kind, name, `{parentRefs: [{name: edge${parent}}], ${more}rules: [{backendRefs: [{name: a, port: 80}]}]}`);

/** `Accepted=false NotAllowedByListeners` … of one resource's part. */
function conditions(plan: NodePlan, resource: string, part: string): string[] {
  const found = plan.status?.find((one) => one.resource === resource && one.part === part);
  return (found?.conditions ?? []).map(({ type, status, reason }: Condition) => `${type}=${status} ${reason}`);
}

const GOOD = ['Accepted=true Accepted', 'ResolvedRefs=true ResolvedRefs'];
// prettier-ignore
for (const [name, manifests, resource, part, want] of [
  ['a route that attaches', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'r', '')], 'HTTPRoute shop/r', 'Gateway shop/edge', GOOD],
  ['a listener that serves', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'r', '')], 'Gateway shop/edge', 'h', [...GOOD, 'Conflicted=false NoConflicts', 'Programmed=true Programmed']],
  ['the Gateway of it', [edge('{name: h, port: 80, protocol: HTTP}')], 'Gateway shop/edge', '', ['Accepted=true Accepted', 'Programmed=true Programmed']],
  ['no such section', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'r', ', sectionName: x')], 'HTTPRoute shop/r', 'Gateway shop/edge/x', ['Accepted=false NoMatchingParent', GOOD[1]]],
  ['no such port', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'r', ', port: 81')], 'HTTPRoute shop/r', 'Gateway shop/edge:81', ['Accepted=false NoMatchingParent', GOOD[1]]],
  ['another kind than allowed', [edge('{name: h, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: GRPCRoute}]}}'), route('HTTPRoute', 'r', '')], 'HTTPRoute shop/r', 'Gateway shop/edge', ['Accepted=false NotAllowedByListeners', GOOD[1]]],
  ['a kind of another group', [edge('{name: h, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{group: x.io, kind: HTTPRoute}, {kind: GRPCRoute}]}}'), route('HTTPRoute', 'r', '')], 'HTTPRoute shop/r', 'Gateway shop/edge', ['Accepted=false NotAllowedByListeners', GOOD[1]]],
  ['another kind than the protocol carries', [edge('{name: t, port: 80, protocol: TCP}'), route('HTTPRoute', 'r', '')], 'HTTPRoute shop/r', 'Gateway shop/edge', ['Accepted=false NotAllowedByListeners', GOOD[1]]],
  ['no host name in common', [edge('{name: h, port: 80, protocol: HTTP, hostname: a.example}'), route('HTTPRoute', 'r', '', 'hostnames: [b.example], ')], 'HTTPRoute shop/r', 'Gateway shop/edge', ['Accepted=false NoMatchingListenerHostname', GOOD[1]]],
  ['no routes at all allowed', [edge('{name: h, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: None}}}'), route('HTTPRoute', 'r', '')], 'HTTPRoute shop/r', 'Gateway shop/edge', ['Accepted=false NotAllowedByListeners', GOOD[1]]],
  ['kinds that the protocol does not carry', [edge('{name: h, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: TCPRoute}]}}')], 'Gateway shop/edge', 'h', [GOOD[0], 'ResolvedRefs=false InvalidRouteKinds', 'Conflicted=false NoConflicts', 'Programmed=false Invalid']],
  ['protocols that exclude each other', [edge('{name: h, port: 80, protocol: HTTP}', '{name: t, port: 80, protocol: TCP}')], 'Gateway shop/edge', 'h', ['Accepted=false ProtocolConflict', GOOD[1], 'Conflicted=true ProtocolConflict', 'Programmed=false Invalid']],
  ['a Gateway without a listener that serves', [edge('{name: u, port: 80, protocol: UDP}')], 'Gateway shop/edge', '', ['Accepted=false ListenersNotValid', 'Programmed=false Invalid']],
  ['UDP', [edge('{name: u, port: 80, protocol: UDP}')], 'Gateway shop/edge', 'u', ['Accepted=false UnsupportedProtocol', GOOD[1], 'Conflicted=false NoConflicts', 'Programmed=false Invalid']],
  ['a route for UDP', [edge('{name: u, port: 80, protocol: UDP}'), route('UDPRoute', 'r', '')], 'UDPRoute shop/r', 'Gateway shop/edge', ['Accepted=false UnsupportedProtocol', GOOD[1]]],
  ['a second TCPRoute', [edge('{name: t, port: 80, protocol: TCP}'), route('TCPRoute', 'first', ''), route('TCPRoute', 'second', '')], 'TCPRoute shop/second', 'Gateway shop/edge', ['Accepted=false Conflicted', GOOD[1]]],
  ['a GRPCRoute for the host of an HTTPRoute', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'a', '', 'hostnames: [a.example], '), route('GRPCRoute', 'b', '', 'hostnames: [a.example], ')], 'GRPCRoute shop/b', 'Gateway shop/edge', ['Accepted=false Conflicted', GOOD[1]]],
  ['a GRPCRoute for another host', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'a', '', 'hostnames: [a.example], '), route('GRPCRoute', 'b', '', 'hostnames: [a.example, b.example], ')], 'GRPCRoute shop/b', 'Gateway shop/edge', GOOD],
  ['a backend that is not there', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'r', '').replace('name: a, port', 'name: z, port')], 'HTTPRoute shop/r', 'Gateway shop/edge', [GOOD[0], 'ResolvedRefs=false BackendNotFound']],
  ['a backend of another kind', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'r', '').replace('name: a, port', 'group: x.io, kind: Bucket, name: a, port')], 'HTTPRoute shop/r', 'Gateway shop/edge', [GOOD[0], 'ResolvedRefs=false InvalidKind']],
  ['a backend that is not granted', [edge('{name: h, port: 80, protocol: HTTP}'), route('HTTPRoute', 'r', '').replace('name: a, port', 'name: a, namespace: vault, port')], 'HTTPRoute shop/r', 'Gateway shop/edge', [GOOD[0], 'ResolvedRefs=false RefNotPermitted']],
  ['a certificate that is not there', [edge('{name: s, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: x}]}}')], 'Gateway shop/edge', 's', [GOOD[0], 'ResolvedRefs=false InvalidCertificateRef', 'Conflicted=false NoConflicts', 'Programmed=false Invalid']],
  ['a certificate of a kind that is not known', [edge('{name: s, port: 443, protocol: HTTPS, tls: {certificateRefs: [{group: x.io, kind: Cert, name: x}]}}')], 'Gateway shop/edge', 's', [GOOD[0], 'ResolvedRefs=false InvalidCertificateRef', 'Conflicted=false NoConflicts', 'Programmed=false Invalid']],
  ['a certificate that is not granted', [edge('{name: s, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: x, namespace: vault}]}}')], 'Gateway shop/edge', 's', [GOOD[0], 'ResolvedRefs=false RefNotPermitted', 'Conflicted=false NoConflicts', 'Programmed=false Invalid']],
] as const)
  test(`conditions: ${name}`, () => assert.deepEqual(conditions(planOf(manifests), resource, part), want));

test('HTTPS and TLS share a port by host name, and one host name is one listener', () => {
  const ca = publicCa();
  const secret = tlsSecret('c', pair(ca, ['a.example']));
  const https = '{name: a, port: 443, protocol: HTTPS, hostname: a.example, tls: {certificateRefs: [{name: c}]}}';
  const pass = (host: string): string => `{name: b, port: 443, protocol: TLS, hostname: ${host}, tls: {mode: Passthrough}}`;
  assert.deepEqual(planOf([secret, edge(https, pass('b.example'))]).closed, []);
  const [first] = planOf([secret, edge(https, pass('a.example'))]).gateways[0]!.listeners;
  assert.match(first!.closed ?? '', /several listeners for `a.example`/);
});

test('retries are planned with what GEP-1731 leaves open filled in', () => {
  const rule = (retry: string): string =>
    gatewayKind('HTTPRoute', 'r', `{parentRefs: [{name: edge}], rules: [{${retry}backendRefs: [{name: a, port: 80}]}]}`);
  const planned = (retry: string) =>
    planOf([edge('{name: h, port: 80, protocol: HTTP}'), rule(retry)]).gateways[0]!.listeners[0]!.virtualHosts[0]!.rules[0]!
      .retry;
  const on = ['connect-failure', 'refused-stream', 'reset-before-request'];
  assert.equal(planned(''), undefined);
  assert.deepEqual(planned('retry: {}, '), {
    attempts: 2,
    perTryTimeoutMs: 0,
    on,
    statuses: [],
    backoffMs: 25,
    backoffMaxMs: 250,
  });
  assert.deepEqual(
    planned('timeouts: {request: 10s, backendRequest: 2s}, retry: {codes: [500, 503], attempts: 4, backoff: 100ms}, '),
    {
      attempts: 4,
      perTryTimeoutMs: 2000,
      on: [...on, 'retriable-status-codes'],
      statuses: [500, 503],
      backoffMs: 100,
      backoffMaxMs: 1000,
    },
  );
});

test('older versions mean the same', () => {
  const as = (version: string, text: string): string =>
    text.replace('gateway.networking.k8s.io/v1', `gateway.networking.k8s.io/${version}`);
  const all = (gateway: string, routes: string, policy: string, grant: string): NodePlan =>
    planOf([
      as(
        gateway,
        edge(
          '{name: h, port: 80, protocol: HTTP}',
          '{name: t, port: 81, protocol: TCP}',
          '{name: s, port: 443, protocol: TLS, tls: {mode: Passthrough}}',
        ),
      ),
      as(gateway, route('HTTPRoute', 'h', ', sectionName: h')),
      as(routes, route('GRPCRoute', 'g', ', sectionName: h', 'hostnames: [grpc.example], ')),
      as(routes, route('TCPRoute', 't', ', sectionName: t')),
      as(routes, route('TLSRoute', 's', ', sectionName: s', 'hostnames: [s.example], ')),
      as(
        grant,
        gatewayKind(
          'ReferenceGrant',
          'g',
          '{from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: x}], to: [{group: "", kind: Service}]}',
        ),
      ),
      as(
        policy,
        gatewayKind(
          'BackendTLSPolicy',
          'a',
          policy === 'v1alpha2'
            ? '{targetRef: {group: "", kind: Service, name: a}, tls: {hostname: a.internal, wellKnownCACerts: System}}'
            : '{targetRefs: [{group: "", kind: Service, name: a}], validation: {hostname: a.internal, wellKnownCACertificates: System}}',
        ),
      ),
    ]);
  // Versions are what differs; places in the text are the same but for BackendTLSPolicy's, which stands last.
  const newest = all('v1', 'v1', 'v1', 'v1');
  assert.deepEqual(newest.closed, []);
  assert.deepEqual(newest.clusters[0]!.originate, { hostname: 'a.internal', names: [], roots: [] });
  for (const [gateway, routes, policy, grant] of [
    ['v1beta1', 'v1alpha2', 'v1alpha3', 'v1beta1'],
    ['v1alpha2', 'v1alpha3', 'v1alpha2', 'v1alpha2'],
  ] as const)
    assert.deepEqual(all(gateway, routes, policy, grant), newest, gateway);
});

test('what is not served is told: listeners of ListenerSets, and parents that are no Gateways', () => {
  const set = gatewayKind('ListenerSet', 'more', '{parentRef: {name: edge}, listeners: [{name: h, port: 81, protocol: HTTP}]}');
  const manifests = [
    edge('{name: h, port: 80, protocol: HTTP}'),
    set,
    set.replace('k8s.io/v1', 'x-k8s.io/v1alpha1').replace('ListenerSet', 'XListenerSet'),
    gatewayKind(
      'HTTPRoute',
      'r',
      '{parentRefs: [{kind: ListenerSet, name: more}, {group: "", kind: Service, name: a}], rules: [{backendRefs: [{name: a, port: 80}]}]}',
    ),
  ];
  assert.deepEqual(
    planOf(manifests).closed.map(({ what, why }) => `${what}: ${why.slice(0, 30)}`),
    [
      'ListenerSet shop/more: its listeners are not opened: ',
      'XListenerSet shop/more: its listeners are not opened: ',
      'route shop/r: a parent of kind `ListenerSet`',
      'route shop/r: a parent of kind `Service` is ',
    ],
  );
});
