import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { podSecurity } from './pod-security.ts';

const namespace = (labels: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {${labels}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: "c:1.0.0"}]}\n`;

const plugin = (configuration: string): string =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins: [{name: PodSecurity, configuration: {${configuration}}}]\n`;

testRule(podSecurity, {
  fails: [
    ['no label', namespace(''), 'low'],
    ['privileged', namespace('pod-security.kubernetes.io/enforce: privileged'), 'low'],
    ['a default that allows everything', plugin('defaults: {enforce: privileged}'), 'medium'],
    [
      'a user exempted',
      plugin('defaults: {enforce: baseline}, exemptions: {usernames: [bot], namespaces: [kube-system]}'),
      'medium',
    ],
  ],
  passes: [
    ['baseline', namespace('pod-security.kubernetes.io/enforce: baseline')],
    ['a default for every namespace', plugin('defaults: {enforce: baseline}')],
    ['a namespace of the system exempted', plugin('defaults: {enforce: baseline}, exemptions: {namespaces: [kube-system]}')],
  ],
});
