import { CART, policy } from '../../../../test/fakes/mesh-policies.ts';
import { testRule } from '../../../../test/fakes/rule-cases.ts';
import { pathBypass } from './path-bypass.ts';

function normalisation(mode: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: istio, namespace: istio-system }\ndata:\n  mesh: |\n    pathNormalization: { normalization: ${mode} }\n`;
}

const deny = (paths: string, more = ''): string =>
  policy(`{ action: DENY, rules: [{ to: [{ operation: { paths: ${paths}${more} } }] }] }`);

testRule(pathBypass, {
  fails: [
    ['a trailing slash gets round', [CART, deny('[/admin]')], 'medium'],
    ['a doubled slash gets round', [CART, deny('["/admin*"]')], 'medium'],
    ['paths as they are sent', [CART, deny('["/admin*"]'), normalisation('NONE')], 'high'],
    [
      'what is excluded from an ALLOW rule',
      [CART, policy('{ rules: [{ to: [{ operation: { notPaths: [/admin] } }] }] }')],
      'medium',
    ],
    ['an inner slash that is encoded', [CART, deny('["/api/admin*"]'), normalisation('MERGE_SLASHES')], 'medium'],
    ['an exact path where slashes are merged', [CART, deny('[/admin]'), normalisation('DECODE_AND_MERGE_SLASHES')], 'medium'],
    [
      'an ALLOW rule for everything',
      [CART, deny('[/admin]'), policy('{ rules: [{ from: [{ source: { namespaces: [shop] } }] }] }', 'a')],
      'medium',
    ],
  ],
  passes: [
    ['slashes merged, and all below named', [CART, deny('[/admin, "/admin/*"]'), normalisation('MERGE_SLASHES')]],
    ['a prefix where slashes are merged', [CART, deny('["/admin*"]'), normalisation('DECODE_AND_MERGE_SLASHES')]],
    ['an inner slash where it is decoded', [CART, deny('["/api/admin*"]'), normalisation('DECODE_AND_MERGE_SLASHES')]],
    ['paths that are allowed', [CART, policy('{ rules: [{ to: [{ operation: { paths: [/api] } }] }] }')]],
    [
      'everything but some paths is denied',
      [CART, policy('{ action: DENY, rules: [{ to: [{ operation: { notPaths: [/api] } }] }] }')],
    ],
    ['the whole site', [CART, deny('["/*"]')]],
    [
      'other spellings that no ALLOW rule lets through',
      [CART, deny('[/admin]'), policy('{ rules: [{ to: [{ operation: { paths: ["/api/*"] } }] }] }', 'a')],
    ],
    ['a template for all below', [CART, deny('[/admin, "/admin/{**}"]'), normalisation('MERGE_SLASHES')]],
  ],
});
