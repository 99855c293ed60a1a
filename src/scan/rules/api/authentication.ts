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

/** No scheme at all: authentication may stand elsewhere, but nothing says so. */
export const NO_SCHEME = {
  id: 'api.no-security-scheme',
  name: 'API without any security scheme',
  severity: 'low',
  cwe: [306],
  why: 'The document names no way to authenticate. Whoever builds clients, gateways or tests from it will leave authentication out, and a forgotten check in the service is not noticed.',
  help: 'declare `components.securitySchemes` and `security`',
  references: [OWASP_API],
  tags: ['owasp-api:API2:2023'],
  *check(context) {
    for (const api of context.system.apis) {
      const changing = api.operations.filter(isUnsafe);
      if (api.securitySchemes.length > 0 || changing.length === 0) continue;
      yield {
        title: `no security scheme for ${counted(api.operations.length, 'operation')}, ${changing.length} of which change data`,
        at: { resource: api.resource, path: ['info'] },
        severity: isExposed(api, context) ? 'high' : 'low',
        fix: {
          text: 'declare how callers authenticate, and demand it',
          yaml: 'components:\n  securitySchemes:\n    bearer:\n      type: http\n      scheme: bearer\n      bearerFormat: JWT\nsecurity:\n  - bearer: []\n',
        },
      };
    }
  },
} satisfies SystemRule;

/** A requirement that names no scheme protects nothing, or breaks the tools that enforce it. */
export const UNDEFINED_SCHEME = {
  id: 'api.undefined-security-scheme',
  name: 'Security requirement that names no scheme',
  severity: 'medium',
  cwe: [306, 1188],
  why: 'Gateways and code generators that take their authentication from the document find nothing under this name. Some then refuse to start, others let every request through.',
  help: 'use the name of a scheme of `components.securitySchemes`',
  references: [OWASP_API],
  tags: ['owasp-api:API2:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const known = new Set(api.securitySchemes.map(({ name }) => name));
      const wrong = new Map<string, (typeof api.operations)[number][]>();
      for (const operation of api.operations)
        for (const name of new Set(operation.security.flatMap((one) => Object.keys(one))))
          // OpenAPI 3.2 section 4.30: a name may be the URI of a scheme elsewhere.
          if (!known.has(name) && !name.includes('/') && !name.includes('#'))
            wrong.set(name, [...(wrong.get(name) ?? []), operation]);
      for (const [name, operations] of wrong)
        yield documentHit(
          api,
          operations.map(placeOf),
          (list) => `security names \`${name}\`, which is no scheme of the document: ${list}`,
          {
            detail: name,
          },
        );
    }
  },
} satisfies SystemRule;
