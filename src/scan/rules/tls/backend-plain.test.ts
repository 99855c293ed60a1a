import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { app, BACKEND, gateway, HTTPS, ingress, route, rules, TLS } from '../../../../test/fakes/tls.ts';
import { backendPlain } from './backend-plain.ts';

const MESH = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {istio-injection: enabled}}\n---\n';

testRule(backendPlain, {
  fails: [
    ['behind an Ingress', ingress('', TLS + rules('a.example.com')) + app(), 'low'],
    [
      'to payments',
      ingress('', TLS + rules('a.example.com').replace('name: web', 'name: payment')) +
        app('', 'port: 80', 'ClusterIP', 'payment'),
      'medium',
    ],
    [
      'a port for TLS is spoken to in clear',
      ingress('', TLS + rules('a.example.com')) + app('', 'port: 80, targetPort: 8443'),
      'medium',
    ],
    ['behind a Gateway', gateway(HTTPS) + route('https', BACKEND) + app(), 'low'],
  ],
  passes: [
    ['where the mesh encrypts', ingress('', TLS + rules('a.example.com')) + app() + MESH],
    ['behind a Gateway, where the mesh encrypts', gateway(HTTPS) + route('https', BACKEND) + app() + MESH],
    [
      'with a BackendTLSPolicy',
      gateway(HTTPS) +
        route('https', BACKEND) +
        app() +
        'apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: b}\nspec: {targetRefs: [{group: "", kind: Service, name: web}]}\n',
    ],
  ],
});
