import type { ApiOperation } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { documentHit, isExposed, isPublicByNature, OWASP_API, placeOf, wordsOf } from './common.ts';

const ADMIN =
  /(?:^| )(?:admin|admins|administrator|administration|superuser|sudo|root|internal|management|backoffice|debug|actuator|createdb|resetdb|dropdb|initdb|seed|impersonate)(?: |$)/;

/** OWASP API5:2023 */
export const FUNCTION_AUTHORIZATION = {
  id: 'api.function-authorization',
  name: 'Administrative operation that any caller may use',
  severity: 'medium',
  cwe: [285, 862],
  why: 'The path says that the operation is for administrators or developers, but it demands no more than ordinary operations do. Attackers look for such paths first.',
  help: 'demand a scope or scheme of its own for these operations, or keep them off the public listener',
  references: [OWASP_API, 'https://owasp.org/API-Security/editions/2023/en/0xa5-broken-function-level-authorization/'],
  tags: ['owasp-api:API5:2023'],
  *check(context) {
    for (const api of context.system.apis) {
      if (api.securitySchemes.length === 0) continue;
      const admin = api.operations.filter(({ path }) => ADMIN.test(wordsOf(path)));
      const ordinary = api.operations.filter((one) => !admin.includes(one));
      if (admin.length === 0 || ordinary.length === 0) continue;
      const used = new Set(ordinary.filter(({ open }) => !open).map(requirement));
      const open = admin.filter((one) => one.open && !isPublicByNature(one));
      const same = admin.filter((one) => !one.open && used.has(requirement(one)));
      if (open.length > 0)
        yield documentHit(api, open.map(placeOf), (list) => `administrative operations are open to everybody: ${list}`, {
          severity: 'high',
          detail: 'open',
        });
      if (same.length > 0)
        yield documentHit(
          api,
          same.map(placeOf),
          (list) => `administrative operations demand no more than ordinary ones do: ${list}`,
          {
            severity: isExposed(api, context) ? 'high' : 'medium',
            detail: 'same',
          },
        );
    }
  },
} satisfies SystemRule;

function requirement({ security }: ApiOperation): string {
  return JSON.stringify(security.map((one) => Object.entries(one).map(([name, scopes]) => [name, [...scopes].sort()])));
}
