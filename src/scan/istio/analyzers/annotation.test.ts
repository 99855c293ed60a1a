import { pod, service, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { ANNOTATION_ANALYZER } from './annotation.ts';

testAnalyzer(ANNOTATION_ANALYZER, {
  fails: [
    [
      'a name that is misspelled',
      [pod('web', 'app: web', ', annotations: { sidecar.istio.io/injekt: "true" }')],
      'UnknownAnnotation',
    ],
    [
      'on the wrong kind',
      [service('web', '{ ports: [{ port: 80, name: http }] }', ', annotations: { sidecar.istio.io/inject: "true" }')],
      'MisplacedAnnotation',
    ],
    [
      'a port that is none',
      [pod('web', 'app: web', ', annotations: { traffic.sidecar.istio.io/excludeInboundPorts: "http" }')],
      'InvalidAnnotation',
    ],
  ],
  passes: [
    ['a list of ports', [pod('web', 'app: web', ', annotations: { traffic.sidecar.istio.io/excludeInboundPorts: "8080,9090" }')]],
    ['of somebody else', [pod('web', 'app: web', ', annotations: { example.io/inject: "maybe" }')]],
  ],
});
