import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { app, ingress, NGINX, rules, TLS } from '../../../../test/fakes/tls.ts';
import { backendUnverified } from './backend-unverified.ts';

testRule(backendUnverified, {
  fails: [
    ['HTTPS to whoever answers', ingress(`${NGINX}/backend-protocol: HTTPS`, TLS + rules('a.example.com')) + app(), 'info'],
    [
      'the check switched off',
      ingress(`${NGINX}/backend-protocol: HTTPS, ${NGINX}/proxy-ssl-verify: "off"`, TLS + rules('a.example.com')) + app(),
      'medium',
    ],
  ],
  passes: [
    [
      'checked',
      ingress(`${NGINX}/backend-protocol: HTTPS, ${NGINX}/proxy-ssl-verify: "on"`, TLS + rules('a.example.com')) + app(),
    ],
    ['plain, told by another rule', ingress('', TLS + rules('a.example.com')) + app()],
  ],
});
