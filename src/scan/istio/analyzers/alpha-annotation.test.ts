import { object, pod, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { ALPHA_ANNOTATION_ANALYZER } from './alpha-annotation.ts';

const CNI = object(
  'v1',
  'Pod',
  'name: web, namespace: shop, annotations: { sidecar.istio.io/interceptionMode: REDIRECT }',
  'spec: { initContainers: [{ name: istio-validation, image: p }], containers: [{ name: web, image: w }] }',
);

testAnalyzer(ALPHA_ANNOTATION_ANALYZER, {
  fails: [
    [
      'templates of injection',
      [pod('web', 'app: web', ', annotations: { inject.istio.io/templates: grpc-agent }')],
      'AlphaAnnotation',
    ],
  ],
  passes: [
    ['a stable one', [pod('web', 'app: web', ', annotations: { sidecar.istio.io/inject: "true" }')]],
    ['written by istio-cni', [CNI]],
  ],
});
