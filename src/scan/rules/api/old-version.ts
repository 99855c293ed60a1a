import type { ApiOperation } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { counted, documentHit, INVENTORY, OWASP_API, placeOf } from './common.ts';

/** OWASP API9:2023: old versions beside new ones. */
export const OLD_VERSION = {
  id: 'api.old-version',
  name: 'Old version of an operation beside the new one',
  severity: 'low',
  cwe: [1059],
  why: 'What was mended in the new version still stands in the old one, and attackers use the old one.',
  help: 'mark the old version `deprecated: true`, name the day it ends (`Sunset`, RFC 8594), and switch it off',
  references: [OWASP_API, INVENTORY, 'RFC 8594'],
  tags: ['owasp-api:API9:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const families = new Map<string, { version: number; operation: ApiOperation }[]>();
      for (const operation of api.operations) {
        const version = /(?:^|\/)v(\d{1,3}(?:\.\d{1,3})?)(?=\/|$)/.exec(operation.path);
        if (!version) continue;
        const key = `${operation.method} ${operation.path.replace(version[0], '/v*')}`;
        families.set(key, [...(families.get(key) ?? []), { version: Number(version[1]), operation }]);
      }
      const old = [...families.values()].flatMap((family) => {
        const newest = Math.max(...family.map(({ version }) => version));
        return family
          .filter(({ version, operation }) => version < newest && !operation.deprecated)
          .map(({ operation }) => operation);
      });
      if (old.length === 0) continue;
      const guarded = old.some(({ path }) => /auth|login|otp|password|token|signup/i.test(path));
      yield documentHit(
        api,
        old.map(placeOf),
        (list, count) => `${counted(count, 'operation has', 'operations have')} a newer version beside them: ${list}`,
        {
          severity: guarded ? 'medium' : 'low',
          ...(guarded && {
            message: `Among them are operations that check passwords, codes or tokens: limits and checks that the new version has can be passed by the old one. ${this.why}`,
          }),
        },
      );
    }
  },
} satisfies SystemRule;
