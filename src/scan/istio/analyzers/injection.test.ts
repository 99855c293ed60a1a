import { namespace, POD, pod, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { INJECTION_ANALYZER } from './injection.ts';

testAnalyzer(INJECTION_ANALYZER, {
  fails: [
    ['a namespace that says nothing', [namespace('shop')], 'NamespaceNotInjected'],
    [
      'a namespace that says two things',
      [namespace('shop', 'istio-injection: enabled, istio.io/rev: canary')],
      'NamespaceMultipleInjectionLabels',
    ],
    ['a pod that was made before', [namespace('shop', 'istio-injection: enabled'), POD], 'PodMissingProxy'],
  ],
  passes: [
    ['a namespace that wants none', [namespace('shop', 'istio-injection: disabled'), POD]],
    [
      'a pod with its proxy',
      [namespace('shop', 'istio-injection: enabled'), pod('web', 'app: web', '', 'name: istio-proxy, image: p')],
    ],
    ['a namespace in ambient mode', [namespace('shop', 'istio.io/dataplane-mode: ambient'), POD]],
    ['a namespace of the platform', [namespace('kube-system'), namespace('istio-system')]],
  ],
});
