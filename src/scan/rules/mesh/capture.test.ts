import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hits } from '../../../../test/fakes/scan.ts';
import type { SystemRule } from '../../rule.ts';
import { captureExcluded } from './capture-excluded.ts';
import { envoyFilterWeakens } from './envoy-filter-weakens.ts';
import { autoMtlsOff, outboundAllowAny, pathsNotNormalised } from './mesh-settings.ts';
import { outsideMesh } from './outside-mesh.ts';
import { peerPlaintext } from './peer-plaintext.ts';
import { serviceEntryWide } from './service-entry-wide.ts';

function cart({ labels = '', annotations = '' } = {}): string {
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart${labels} }, annotations: { ${annotations} } }
    spec: { containers: [{ name: cart, image: cart:1.0.0, ports: [{ containerPort: 8080 }] }] }
`;
}
const namespace = (label: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { ${label} } }\n`;
const IN = namespace('istio-injection: enabled');
const POLICY = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: { name: p, namespace: shop }\nspec: { selector: { matchLabels: { app: cart } } }\n`;
const peer = (spec: string, where = 'shop'): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: { name: default, namespace: ${where} }\nspec: ${spec}\n`;
const istio = (kind: string, spec: string): string =>
  `apiVersion: networking.istio.io/v1${kind === 'EnvoyFilter' ? 'alpha3' : ''}\nkind: ${kind}\nmetadata: { name: x, namespace: shop }\nspec: ${spec}\n`;
const mesh = (config: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: istio, namespace: istio-system }\ndata:\n  mesh: |\n    ${config}\n`;
const operator = (config: string): string =>
  `apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: { name: i, namespace: istio-system }\nspec: { meshConfig: ${config} }\n`;

type Row = readonly [name: string, texts: readonly string[], ...want: readonly string[]];

function check(rule: SystemRule, rows: readonly Row[]): void {
  for (const [name, texts, ...want] of rows) {
    assert.deepEqual(
      hits(rule, ...texts).map(({ severity }) => severity),
      want,
      name,
    );
  }
}

test('traffic that is led past the sidecar', () => {
  const excluded = (text: string): string => cart({ annotations: `traffic.sidecar.istio.io/${text}` });
  check(captureExcluded, [
    ['a port that policies are for', [IN, POLICY, excluded('excludeInboundPorts: "8080"')], 'high'],
    ['a port', [IN, excluded('excludeInboundPorts: "8080"')], 'medium'],
    ['all ports but one', [IN, excluded('includeInboundPorts: "9999"')], 'medium'],
    ['a port that it has not', [IN, excluded('excludeInboundPorts: "9999"')]],
    ['the port of metrics', [IN, excluded('excludeInboundPorts: "15020"')]],
    ['every address', [IN, excluded('excludeOutboundIPRanges: "0.0.0.0/0"')], 'medium'],
    ['a wide range', [IN, excluded('excludeOutboundIPRanges: "10.0.0.0/8"')], 'low'],
    ['one database', [IN, excluded('excludeOutboundIPRanges: "10.1.2.3/32"')]],
    ['no call at all', [IN, excluded('includeOutboundIPRanges: ""')], 'medium'],
    ['nothing is led in', [IN, cart({ annotations: 'sidecar.istio.io/interceptionMode: NONE' })], 'high'],
    ['as usual', [IN, cart({ annotations: 'sidecar.istio.io/interceptionMode: TPROXY' })]],
    ['no mesh', [cart()]],
  ]);
});

test('policies for workloads that have no proxy', () => {
  check(outsideMesh, [
    ['left out by label', [IN, POLICY, cart({ labels: ', sidecar.istio.io/inject: "false"' })], 'high'],
    ['left out by annotation', [IN, POLICY, cart({ annotations: 'sidecar.istio.io/inject: "false"' })], 'high'],
    ['the namespace is out', [namespace('istio-injection: disabled'), POLICY, cart()], 'high'],
    ['in', [IN, POLICY, cart()]],
    ['in ambient mode', [namespace('istio.io/dataplane-mode: ambient'), POLICY, cart()]],
    ['no policies', [IN, cart({ labels: ', sidecar.istio.io/inject: "false"' })]],
    ['nothing says where the mesh is', [POLICY, cart()]],
  ]);
});

test('PeerAuthentication without its workloads', () => {
  check(peerPlaintext, [
    ['the mesh', [peer('{ mtls: { mode: PERMISSIVE } }', 'istio-system')], 'medium'],
    ['switched off', [peer('{ mtls: { mode: DISABLE } }')], 'high'],
    [
      'one port',
      [peer('{ selector: { matchLabels: { app: x } }, mtls: { mode: STRICT }, portLevelMtls: { "80": { mode: DISABLE } } }')],
      'high',
    ],
    ['strict', [peer('{ mtls: { mode: STRICT } }')]],
    ['the workloads are told of', [peer('{ mtls: { mode: PERMISSIVE } }'), cart()]],
  ]);
});

test('settings of the whole mesh', () => {
  check(outboundAllowAny, [
    ['said', [mesh('outboundTrafficPolicy: { mode: ALLOW_ANY }')], 'low'],
    ['to the operator', [operator('{ outboundTrafficPolicy: { mode: ALLOW_ANY } }')], 'low'],
    ['in a Sidecar', [istio('Sidecar', '{ outboundTrafficPolicy: { mode: ALLOW_ANY }, egress: [{ hosts: ["./*"] }] }')], 'low'],
    ['registered only', [mesh('outboundTrafficPolicy: { mode: REGISTRY_ONLY }')]],
    ['not said', [mesh('enableTracing: true')]],
  ]);
  check(autoMtlsOff, [
    ['off', [mesh('enableAutoMtls: false')], 'medium'],
    ['on', [mesh('enableAutoMtls: true')]],
  ]);
  check(pathsNotNormalised, [
    ['none', [operator('{ pathNormalization: { normalization: NONE } }')], 'medium'],
    ['base', [operator('{ pathNormalization: { normalization: BASE } }')]],
  ]);
});

test('ServiceEntries for more than they should', () => {
  const entry = (spec: string): string =>
    istio('ServiceEntry', `{ ports: [{ number: 443, name: tls, protocol: TLS }], resolution: NONE, ${spec} }`);
  const other =
    'apiVersion: v1\nkind: Service\nmetadata: { name: pay, namespace: bank }\nspec: { ports: [{ port: 80, name: http }] }\n';
  check(serviceEntryWide, [
    ['every host', [entry('hosts: ["*"]')], 'medium'],
    ['a top level', [entry('hosts: ["*.com"]')], 'medium'],
    ['a domain', [entry('hosts: ["*.googleapis.com"]')]],
    ['a host', [entry('hosts: [api.example.com]')]],
    ['every address', [entry('hosts: [x.example.com], addresses: ["0.0.0.0/0"]')], 'medium'],
    ['one network', [entry('hosts: [x.example.com], addresses: ["203.0.113.0/24"]')]],
    ['the Service of another', [entry('hosts: [pay.bank.svc.cluster.local]'), other], 'medium'],
  ]);
});

test('EnvoyFilters that take protection away', () => {
  const patch = (where: string, match: string, body: string): string =>
    istio('EnvoyFilter', `{ configPatches: [{ applyTo: ${where}, match: ${match}, patch: ${body} }] }`);
  const http = (name: string): string =>
    `{ listener: { filterChain: { filter: { name: envoy.filters.network.http_connection_manager, subFilter: { name: ${name} } } } } }`;
  check(envoyFilterWeakens, [
    ['authorization', [patch('HTTP_FILTER', http('envoy.filters.http.rbac'), '{ operation: REMOVE }')], 'high'],
    ['tokens', [patch('HTTP_FILTER', http('envoy.filters.http.jwt_authn'), '{ operation: REMOVE }')], 'high'],
    ['every filter', [patch('NETWORK_FILTER', '{ context: GATEWAY }', '{ operation: REMOVE }')], 'high'],
    ['a filter for statistics', [patch('HTTP_FILTER', http('istio.stats'), '{ operation: REMOVE }')]],
    [
      'paths',
      [patch('NETWORK_FILTER', '{}', '{ operation: MERGE, value: { typed_config: { normalize_path: false } } }')],
      'medium',
    ],
    [
      'paths, tidied',
      [
        patch(
          'NETWORK_FILTER',
          '{}',
          '{ operation: MERGE, value: { typed_config: { normalize_path: true, merge_slashes: true } } }',
        ),
      ],
    ],
    [
      'a filter more',
      [patch('HTTP_FILTER', http('envoy.filters.http.rbac'), '{ operation: INSERT_BEFORE, value: { name: x } }')],
    ],
  ]);
});
