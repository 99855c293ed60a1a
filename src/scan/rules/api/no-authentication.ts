import type { SystemRule } from '../../rule.ts';
import { counted, documentHit, isExposed, isPublicByNature, isUnsafe, OWASP_API, placeOf } from './common.ts';

/** OWASP API2:2023: a change that nobody has to log in for, in an API whose other operations demand it. */
export const NO_AUTHENTICATION = {
  id: 'api.no-authentication',
  name: 'Operation that changes data without authentication',
  severity: 'medium',
  cwe: [306],
  why: 'Anybody who can send a request can call these operations: nothing in the document makes the caller prove who they are, though the document has schemes for it.',
  help: 'put `security` on the operations, or on the whole document, and have the gateway or the service enforce it',
  references: [OWASP_API, 'https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/'],
  tags: ['owasp-api:API2:2023', 'owasp-api:API5:2023'],
  *check(context) {
    for (const api of context.system.apis) {
      if (api.securitySchemes.length === 0) continue;
      const open = api.operations.filter((operation) => operation.open && isUnsafe(operation) && !isPublicByNature(operation));
      if (open.length === 0) continue;
      const optional = open.filter(({ security }) => security.length > 0).length;
      yield documentHit(
        api,
        open.map(placeOf),
        (list, count) => `${counted(count, 'operation changes data', 'operations change data')} without authentication: ${list}`,
        {
          severity: isExposed(api, context) ? 'high' : 'medium',
          ...(optional > 0 && {
            message: `${counted(optional, 'of them lists', 'of them list')} \`{}\` among the alternatives of \`security\`, which lets callers come with nothing. ${this.why}`,
          }),
          fix: {
            text: `demand \`${api.securitySchemes[0]!.name}\` for the whole document, and lift it from single operations by \`security: []\``,
            yaml: `security:\n  - ${api.securitySchemes[0]!.name}: []\n`,
          },
        },
      );
    }
  },
} satisfies SystemRule;
