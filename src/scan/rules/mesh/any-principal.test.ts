import { CART, policy } from '../../../../test/fakes/mesh-policies.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { anyPrincipal } from './any-principal.ts';

const allow = (source: string, more = ''): string => policy(`{ rules: [{ from: [{ source: ${source} }]${more} }] }`);

testRule(anyPrincipal, {
  fails: [
    ['any principal may do everything', [CART, allow('{ principals: ["*"] }')], 'medium'],
    ['any namespace may do everything', [CART, allow('{ namespaces: ["*"] }')], 'medium'],
    ['limited to paths', [CART, allow('{ principals: ["*"] }', ', to: [{ operation: { paths: [/metrics] } }]')], 'low'],
  ],
  passes: [
    ['one account', [CART, allow('{ principals: [cluster.local/ns/shop/sa/web] }')]],
    ['one namespace of any principal', [CART, allow('{ principals: ["*"], namespaces: [shop] }')]],
    [
      'under a condition',
      [CART, allow('{ principals: ["*"] }', ', when: [{ key: "request.headers[x]", values: [yes-please] }]')],
    ],
    ['any principal is denied', [CART, policy('{ action: DENY, rules: [{ from: [{ source: { principals: ["*"] } }] }] }')]],
  ],
});
