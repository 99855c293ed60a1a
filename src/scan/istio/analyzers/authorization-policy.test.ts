import { namespace, POD, security, testAnalyzer } from '../../../../test/fakes/mesh-analyzers.ts';
import { AUTHORIZATION_POLICY_ANALYZER } from './authorization-policy.ts';

const from = (name: string): string =>
  security(
    'AuthorizationPolicy',
    'p',
    `{ selector: { matchLabels: { app: web } }, rules: [{ from: [{ source: { namespaces: [${name}] } }] }] }`,
  );

testAnalyzer(AUTHORIZATION_POLICY_ANALYZER, {
  fails: [
    [
      'labels that no pod carries',
      [POD, security('AuthorizationPolicy', 'p', '{ selector: { matchLabels: { app: wbe } } }')],
      'NoMatchingWorkloadsFound',
    ],
    ['an empty namespace', [security('AuthorizationPolicy', 'p', '{}')], 'NoMatchingWorkloadsFound'],
    ['callers of a namespace that is not there', [POD, from('payments')], 'ReferencedResourceNotFound'],
  ],
  passes: [
    ['labels of a pod', [POD, security('AuthorizationPolicy', 'p', '{ selector: { matchLabels: { app: web } } }')]],
    ['callers of a namespace that is there', [POD, namespace('payments'), from('payments')]],
    ['callers of namespaces that begin so', [POD, from('"sho*"')]],
    ['for a waypoint', [security('AuthorizationPolicy', 'p', '{ targetRefs: [{ group: "", kind: Service, name: web }] }')]],
  ],
});
