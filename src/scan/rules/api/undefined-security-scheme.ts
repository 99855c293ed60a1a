import type { SystemRule } from '../../rule.ts';
import { documentHit, OWASP_API, placeOf } from './common.ts';

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
