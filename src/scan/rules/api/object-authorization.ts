import type { ApiDocument, ApiOperation, ApiParameter } from '#model/api.ts';
import type { SystemRule } from '../../rule.ts';
import { counted, documentHit, hasType, meant, OWASP_API, placeOf, record, wordsOf } from './common.ts';

/** Whether a parameter names an object: `{id}`, `userId`, `order_uuid`. */
function isObjectId(api: ApiDocument, parameter: ApiParameter): boolean {
  if (parameter.in !== 'path' && parameter.in !== 'query') return false;
  const name = wordsOf(parameter.name);
  if (/(?:^| )(?:id|ids|uuid|guid|oid|pk|username|user name|email|account|account number|vin|number)$/.test(name)) {
    if (/^(?:client|request|trace|correlation|app|session|tenant|region|zone|locale|page|build) id$/.test(name)) return false;
    return parameter.in === 'path' || /(?:^| )(?:id|uuid|guid)$/.test(name);
  }
  const schema = record(meant(api, parameter.schema)?.value);
  return parameter.in === 'path' && schema['format'] === 'uuid';
}

/** Whether some alternative of what is demanded has a scope, role or second scheme that could tell callers apart. */
function hasScope({ security }: ApiOperation): boolean {
  return security.every((one) => Object.values(one).some((scopes) => scopes.length > 0) || Object.keys(one).length > 1);
}

/** OWASP API1:2023: candidates, since the check itself is in code. */
export const OBJECT_AUTHORIZATION = {
  id: 'api.object-authorization',
  name: 'Objects named by the caller, with nothing that says whose they are',
  severity: 'low',
  cwe: [639],
  why: 'The caller names the object, and being logged in is all that the document demands. Unless the service compares the owner on every call, each user reads and changes the objects of all others by trying identifiers.',
  help: 'demand a scope per kind of object, check the owner in the service, and use identifiers that cannot be guessed',
  references: [OWASP_API, 'https://owasp.org/API-Security/editions/2023/en/0xa1-broken-object-level-authorization/'],
  tags: ['owasp-api:API1:2023'],
  *check({ system }) {
    for (const api of system.apis) {
      if (api.securitySchemes.length === 0) continue;
      const found = api.operations.filter(
        (operation) =>
          !operation.open && !hasScope(operation) && operation.parameters.some((parameter) => isObjectId(api, parameter)),
      );
      if (found.length === 0) continue;
      const countable = found.filter(({ parameters }) =>
        parameters.some((one) => isObjectId(api, one) && hasType(meant(api, one.schema)?.value, 'integer')),
      );
      yield documentHit(
        api,
        (countable.length > 0 ? [...countable, ...found.filter((one) => !countable.includes(one))] : found).map(placeOf),
        (list, count) =>
          `${counted(count, 'operation takes', 'operations take')} an object's identifier from the caller without demanding a scope: ${list}`,
        {
          severity: countable.length > 0 ? 'medium' : 'low',
          ...(countable.length > 0 && {
            message: `${counted(countable.length, 'of them takes', 'of them take')} a whole number, so that trying all identifiers is easy. ${this.why}`,
          }),
        },
      );
    }
  },
} satisfies SystemRule;
