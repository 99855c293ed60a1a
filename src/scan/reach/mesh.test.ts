import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployment, namespace, service } from '../../../test/fakes/network.ts';
import { systemOf } from '../../../test/fakes/scan.ts';
import { INTERNET } from './face.ts';
import { reachOf } from './reach.ts';

const ENABLED = namespace('shop', { 'istio-injection': 'enabled' });
const PODS = [
  deployment('front', { port: 8080 }),
  deployment('cart', { port: 7070 }),
  service('cart', 80, 7070),
  deployment('legacy', { port: 1, labels: { 'sidecar.istio.io/inject': 'false' } }),
];
const peer = (mode: string, more = ''): string =>
  `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p, namespace: shop}\nspec: {mtls: {mode: ${mode}}${more}}`;
const authz = (spec: string, name = 'a'): string =>
  `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec: ${spec}`;

interface Case {
  readonly name: string;
  readonly docs: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly want: string;
}

const CALLER = 'cluster.local/ns/shop/sa/front';

const CASES: readonly Case[] = [
  { name: 'no mesh at all', docs: [namespace('shop')], want: 'none all' },
  { name: 'sidecars on both sides', docs: [ENABLED], want: 'mtls all' },
  { name: 'PERMISSIVE takes plaintext', docs: [ENABLED], from: 'shop/legacy', want: 'plaintext all' },
  { name: 'STRICT refuses plaintext', docs: [ENABLED, peer('STRICT')], from: 'shop/legacy', want: 'refused none' },
  { name: 'STRICT refuses the internet', docs: [ENABLED, peer('STRICT')], from: INTERNET, want: 'refused none' },
  {
    name: 'DISABLE proves nobody',
    docs: [ENABLED, peer('DISABLE'), authz(`{rules: [{from: [{source: {principals: ["${CALLER}"]}}]}]}`)],
    want: 'plaintext none',
  },
  {
    name: 'a target without sidecar has no policy',
    docs: [ENABLED, peer('STRICT'), authz('{}')],
    to: 'shop/legacy',
    want: 'none all',
  },
  { name: 'nothing is allowed', docs: [ENABLED, authz('{}')], want: 'mtls none' },
  {
    name: 'the caller is allowed',
    docs: [ENABLED, authz(`{rules: [{from: [{source: {principals: ["${CALLER}"]}}]}]}`)],
    want: 'mtls all',
  },
  {
    name: 'another is allowed',
    docs: [ENABLED, authz('{rules: [{from: [{source: {principals: ["cluster.local/ns/shop/sa/other"]}}]}]}')],
    want: 'mtls none',
  },
  { name: 'some methods', docs: [ENABLED, authz('{rules: [{to: [{operation: {methods: [GET]}}]}]}')], want: 'mtls some' },
  { name: 'every path', docs: [ENABLED, authz('{rules: [{to: [{operation: {paths: ["/*"]}}]}]}')], want: 'mtls all' },
  { name: 'the port', docs: [ENABLED, authz('{rules: [{to: [{operation: {ports: ["7070"]}}]}]}')], want: 'mtls all' },
  { name: 'another port', docs: [ENABLED, authz('{rules: [{to: [{operation: {ports: ["80"]}}]}]}')], want: 'mtls none' },
  { name: 'DENY wins', docs: [ENABLED, authz('{action: DENY, rules: [{}]}'), authz('{rules: [{}]}', 'b')], want: 'mtls none' },
  {
    name: 'DENY of some',
    docs: [ENABLED, authz('{action: DENY, rules: [{to: [{operation: {paths: ["/admin*"]}}]}]}')],
    want: 'mtls some',
  },
  {
    name: 'DENY of others',
    docs: [ENABLED, authz(`{action: DENY, rules: [{from: [{source: {notPrincipals: ["${CALLER}"]}}]}]}`)],
    want: 'mtls all',
  },
  {
    name: 'no token can be verified',
    docs: [ENABLED, authz('{rules: [{from: [{source: {requestPrincipals: ["*"]}}]}]}')],
    want: 'mtls none',
  },
  {
    name: 'a token may be had',
    docs: [
      ENABLED,
      authz('{rules: [{from: [{source: {requestPrincipals: ["*"]}}]}]}'),
      'apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: r, namespace: shop}\nspec: {jwtRules: [{issuer: i, jwksUri: "https://i.example/jwks"}]}',
    ],
    want: 'mtls some',
  },
  {
    name: 'addresses inside',
    docs: [ENABLED, authz('{rules: [{from: [{source: {ipBlocks: ["0.0.0.0/0", "::/0"]}}]}]}')],
    want: 'mtls all',
  },
  {
    name: 'addresses elsewhere',
    docs: [ENABLED, authz('{rules: [{from: [{source: {ipBlocks: ["8.8.8.8"]}}]}]}')],
    want: 'mtls none',
  },
  {
    name: 'ambient',
    docs: [
      namespace('shop', { 'istio.io/dataplane-mode': 'ambient' }),
      authz('{rules: [{to: [{operation: {methods: [GET]}}]}]}'),
    ],
    want: 'mtls none',
  },
  {
    name: 'DestinationRule without TLS',
    docs: [
      ENABLED,
      peer('STRICT'),
      'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: d, namespace: shop}\nspec: {host: cart, trafficPolicy: {tls: {mode: DISABLE}}}',
    ],
    want: 'refused none',
  },
];

test('link and requests', () => {
  for (const { name, docs, from = 'shop/front', to = 'shop/cart', want } of CASES) {
    const reach = reachOf(systemOf(...docs, ...PODS));
    const [access] = reach.access(from, to);
    assert.equal(`${access!.link} ${access!.requests}`, want, name);
  }
});

test('what is assumed is said', () => {
  const reach = reachOf(systemOf(authz('{}'), ...PODS.slice(0, 3)));
  const [access] = reach.access('shop/front', 'shop/cart');
  assert.ok(access!.reasons.some(({ text }) => text.startsWith('assumed to have a sidecar')));
});

test('ports past the sidecar have no policy', () => {
  const cart = deployment('cart', { port: 7070, annotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '7070' } });
  const reach = reachOf(systemOf(ENABLED, peer('STRICT'), authz('{}'), PODS[0]!, cart));
  const [access] = reach.access('shop/front', 'shop/cart');
  assert.equal(`${access!.link} ${access!.requests}`, 'plaintext all');
  assert.ok(access!.reasons.some(({ text }) => text.includes('excludeInboundPorts')));
});

test('UDP is not carried by the mesh', () => {
  const reach = reachOf(systemOf(ENABLED, peer('STRICT'), authz('{}'), ...PODS));
  const access = reach.explain('shop/legacy', 'shop/cart', 7070, 'UDP');
  assert.equal(`${access.link} ${access.requests}`, 'none all');
});

test('HTTP conditions never match on a TCP port, and drop an ALLOW rule', () => {
  const tcp = service('cart', 80, 7070, { ports: [{ name: 'tcp-x', port: 80, targetPort: 7070 }] });
  const reach = reachOf(systemOf(ENABLED, authz('{rules: [{to: [{operation: {methods: [GET]}}]}]}'), PODS[0]!, PODS[1]!, tcp));
  assert.equal(reach.access('shop/front', 'shop/cart')[0]!.requests, 'none');
});
