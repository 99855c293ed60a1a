import { namespace, networking, pod, POD, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { SIDECAR_SELECTOR_ANALYZER } from './sidecar-selector.ts';

const sidecar = (name: string, labels: string): string =>
  networking(
    'Sidecar',
    name,
    `{ egress: [{ hosts: ["./*"] }]${labels === '' ? '' : `, workloadSelector: { labels: { ${labels} } }`} }`,
  );

testAnalyzer(SIDECAR_SELECTOR_ANALYZER, {
  fails: [
    [
      'two for the whole namespace',
      [POD, sidecar('a', ''), sidecar('b', '')],
      'MultipleSidecarsWithoutWorkloadSelectors',
      'MultipleSidecarsWithoutWorkloadSelectors',
    ],
    [
      'two for one pod',
      [POD, sidecar('a', 'app: web'), sidecar('b', 'app: web')],
      'ConflictingSidecarWorkloadSelectors',
      'ConflictingSidecarWorkloadSelectors',
    ],
    ['for no pod', [POD, sidecar('a', 'app: wbe')], 'ReferencedResourceNotFound'],
    ['in ambient mode', [namespace('shop', 'istio.io/dataplane-mode: ambient'), POD, sidecar('a', '')], 'IneffectivePolicy'],
  ],
  passes: [
    ['one for the namespace and one for a pod', [POD, sidecar('a', ''), sidecar('b', 'app: web')]],
    ['a pod each', [POD, pod('cart', 'app: cart'), sidecar('a', 'app: web'), sidecar('b', 'app: cart')]],
  ],
});
