import type { SystemRule } from '../../rule.ts';
import { counted, isExposed, isUnsafe, OWASP_API } from './common.ts';

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
