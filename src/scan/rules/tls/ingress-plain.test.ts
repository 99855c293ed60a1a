import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { ingress, rules, TLS } from '../../../../test/fakes/tls.ts';
import { ingressPlain } from './ingress-plain.ts';

testRule(ingressPlain, {
  fails: [
    ['no TLS', ingress('', rules('a.example.com')), 'medium'],
    ['TLS for one of two hosts', ingress('', TLS + rules('a.example.com', 'b.example.com')), 'medium'],
    ['a wildcard is for one label', ingress('', `tls: [{hosts: ["*.example.com"]}], ${rules('a.b.example.com')}`), 'medium'],
  ],
  passes: [
    ['TLS for the host', ingress('', TLS + rules('a.example.com'))],
    ['a wildcard for both', ingress('', `tls: [{hosts: ["*.example.com"]}], ${rules('a.example.com', 'b.example.com')}`)],
  ],
});
