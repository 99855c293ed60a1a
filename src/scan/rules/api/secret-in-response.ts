import type { ApiOperation } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import {
  documentHit,
  isPublicByNature,
  OWASP_API,
  placesOfProperties,
  PROPERTIES,
  propertiesOf,
  record,
  wordsOf,
} from './common.ts';

const SECRET =
  /^(?:user |account |db |current |old |hashed |plain )?(?:password|passwd|password hash|hashed password|pin code|cvv|cvc|card number|credit card number|ssn|social security number|private key|client secret|secret key|mfa secret|totp secret)$/;

/** OWASP API3:2023, the reading half. */
export const SECRET_IN_RESPONSE = {
  id: 'api.secret-in-response',
  name: 'Password or secret in a response',
  severity: 'medium',
  cwe: [213, 200],
  why: 'Everything that a response holds reaches the client, its logs and every proxy in between, whether a page shows it or not.',
  help: 'leave the property out of the response, or mark it `writeOnly: true` and have the service drop it',
  references: [OWASP_API, PROPERTIES],
  tags: ['owasp-api:API3:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      // A schema is seen once: with the operation that gives it to most callers.
      const reading = api.operations.toSorted((a, b) => rank(a) - rank(b));
      const found = [...propertiesOf(api, 'response', reading)].filter(({ name, node, operation }) => {
        const schema = record(node.value);
        return (
          SECRET.test(wordsOf(name)) &&
          schema['writeOnly'] !== true &&
          schema['type'] !== 'boolean' &&
          !givesSecrets(operation, name)
        );
      });
      if (found.length === 0) continue;
      const open = found.some(
        ({ operation }) => rank(operation) === 0 && api.securitySchemes.length > 0 && !isPublicByNature(operation),
      );
      yield documentHit(api, placesOfProperties(found), (list) => `responses hold secrets: ${list}`, {
        severity: open ? 'high' : 'medium',
        ...(open && {
          message: `Some of these operations demand no authentication, so that anybody reads the values. ${this.why}`,
        }),
      });
    }
  },
} satisfies SystemRule;

/** Open to everybody and reading comes first. */
function rank({ open, method }: ApiOperation): number {
  return (open ? 0 : 2) + (method === 'GET' ? 0 : 1);
}

/** An operation made to give out a secret: the creation of a client or key. */
function givesSecrets({ method, path }: ApiOperation, name: string): boolean {
  return method === 'POST' && !/password|passwd/i.test(name) && /key|client|credential|secret|token|card/i.test(path);
}
