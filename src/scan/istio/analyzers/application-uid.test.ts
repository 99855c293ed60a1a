import { object, pod, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { APPLICATION_UID_ANALYZER } from './application-uid.ts';

const whole = (container: string): string =>
  object(
    'v1',
    'Pod',
    'name: web, namespace: shop',
    `spec: { securityContext: { runAsUser: 1337 }, containers: [{ ${container} }] }`,
  );

testAnalyzer(APPLICATION_UID_ANALYZER, {
  fails: [
    [
      'of the container',
      [pod('web', 'app: web', '', 'name: web, image: w, securityContext: { runAsUser: 1337 }')],
      'InvalidApplicationUID',
    ],
    ['of the whole pod', [whole('name: web, image: w')], 'InvalidApplicationUID'],
  ],
  passes: [
    ['another user', [pod('web', 'app: web', '', 'name: web, image: w, securityContext: { runAsUser: 1338 }')]],
    ['a gateway, which holds the proxy only', [whole('name: istio-proxy, image: auto')]],
  ],
});
