import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { config, ingress, NGINX, rules, TLS } from '../../../../test/fakes/tls.ts';
import { noRedirect } from './no-redirect.ts';

testRule(noRedirect, {
  fails: [
    ['switched off', ingress(`${NGINX}/ssl-redirect: "false"`, TLS + rules('a.example.com')), 'medium'],
    ['switched off for every Ingress', config('ssl-redirect: "false"'), 'medium'],
  ],
  passes: [
    ['switched on', ingress(`${NGINX}/ssl-redirect: "true"`, TLS + rules('a.example.com'))],
    ['as it is by default', ingress('', TLS + rules('a.example.com'))],
  ],
});
