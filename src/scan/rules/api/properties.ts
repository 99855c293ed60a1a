import type { ApiOperation } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { documentHit, isPublicByNature, OWASP_API, propertiesOf, record, schemasOf, wordsOf } from './common.ts';
import type { ApiProperty, Place } from './common.ts';

const PROPERTY_REFERENCE = 'https://owasp.org/API-Security/editions/2023/en/0xa3-broken-object-property-level-authorization/';

function placesOf(found: readonly ApiProperty[]): readonly Place[] {
  return found.map(({ name, at, operation }) => ({ node: at, text: `${name} of ${operation.method} ${operation.path}` }));
}

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
  references: [OWASP_API, PROPERTY_REFERENCE],
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
      yield documentHit(api, placesOf(found), (list) => `responses hold secrets: ${list}`, {
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

const PRIVILEGE =
  /^(?:is )?(?:admin|administrator|superuser|staff|root)$|^(?:user )?(?:role|roles|permissions|privileges|access level|scopes)$|^(?:account |wallet |available )?(?:balance|credit|credits)$|^(?:is |email )?verified$/;

/** OWASP API3:2023, the writing half. */
export const MASS_ASSIGNMENT = {
  id: 'api.mass-assignment',
  name: 'Request that sets what only the service may set',
  severity: 'medium',
  cwe: [915],
  why: 'The body takes properties that decide about rights or money, or takes anything at all. A service that stores the body as it comes gives callers roles and credit.',
  help: 'mark such properties `readOnly: true`, give the request a schema of its own, and set `additionalProperties: false`',
  references: [OWASP_API, PROPERTY_REFERENCE],
  tags: ['owasp-api:API3:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const ordinary = api.operations.filter(({ path }) => !/admin|role|permission|internal|billing|ledger/i.test(path));
      const found = [...propertiesOf(api, 'request', ordinary)].filter(
        ({ name, node }) => PRIVILEGE.test(wordsOf(name)) && record(node.value)['readOnly'] !== true,
      );
      if (found.length > 0)
        yield documentHit(api, placesOf(found), (list) => `requests set rights or credit: ${list}`, { detail: 'privilege' });
      const anything = [...schemasOf(api, 'request')].filter(({ node }) => {
        const schema = record(node.value);
        // With named properties beside it, the rest is meant to be refused; without any the mapping is free by design.
        return schema['additionalProperties'] === true && Object.keys(record(schema['properties'])).length > 0;
      });
      if (anything.length > 0)
        yield documentHit(
          api,
          anything.map(({ node, operation }) => ({ node, text: `${operation.method} ${operation.path}` })),
          (list) => `requests may carry properties that the schema does not name: ${list}`,
          { severity: 'low', detail: 'additional' },
        );
    }
  },
} satisfies SystemRule;

const GENERATED = /^(?:id|uuid|created at|updated at|created by|created on|modified at|deleted at|creation date|last login)$/;

/** Properties that the service makes, but that a request may carry. */
export const READ_ONLY = {
  id: 'api.read-only-missing',
  name: 'Generated property that requests may set',
  severity: 'info',
  cwe: [915],
  why: 'The service makes these values itself. While the schema lets requests carry them, a service that stores the body lets callers choose identifiers and times.',
  help: 'mark them `readOnly: true`',
  references: [OWASP_API, PROPERTY_REFERENCE],
  tags: ['owasp-api:API3:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      const creating = api.operations.filter(({ method }) => method === 'POST');
      const found = [...propertiesOf(api, 'request', creating)].filter(
        ({ name, node }) => GENERATED.test(wordsOf(name)) && record(node.value)['readOnly'] !== true,
      );
      if (found.length > 0) yield documentHit(api, placesOf(found), (list) => `requests may set generated properties: ${list}`);
    }
  },
} satisfies SystemRule;
