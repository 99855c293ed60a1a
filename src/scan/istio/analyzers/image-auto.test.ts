import { namespace, object, pod, POD, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { IMAGE_AUTO_ANALYZER } from './image-auto.ts';

const gateway = (label: string): string => pod('edge', label, '', 'name: istio-proxy, image: auto');
const DEPLOYMENT = object(
  'apps/v1',
  'Deployment',
  'name: edge, namespace: shop',
  'spec: { template: { metadata: { labels: { app: edge } }, spec: { containers: [{ name: istio-proxy, image: auto }] } } }',
);

testAnalyzer(IMAGE_AUTO_ANALYZER, {
  fails: [
    ['a pod that nothing injects', [namespace('shop'), gateway('')], 'ImageAutoWithoutInjectionError'],
    [
      'switched off for the namespace',
      [namespace('shop', 'istio-injection: disabled'), gateway('')],
      'ImageAutoWithoutInjectionError',
    ],
    ['a deployment that nothing injects', [namespace('shop'), DEPLOYMENT], 'ImageAutoWithoutInjectionWarning'],
  ],
  passes: [
    ['injected with the namespace', [namespace('shop', 'istio-injection: enabled'), gateway('')]],
    ['injected by itself', [namespace('shop'), gateway('sidecar.istio.io/inject: "true"')]],
    ['an image of its own', [namespace('shop'), POD]],
  ],
});
