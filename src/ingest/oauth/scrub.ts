// Documents of authorization servers and configuration files without the secrets in them: values never enter the System.
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';
import { isLiteral } from './facts.ts';

const SECRET_KEY =
  /^(?:(?:client|api|app|shared|jwt|signing|consumer)?[-_.]?secret(?:[-_.]?(?:key|value|data|hash))?|.*password|.*passwd|.*private[-_.]?key|.*encryption[-_.]?key|credential[-_]?(?:data|value)|secretdata|registration_?access_?token|access_?token|refresh_?token|.*(?:api|access|secret|signing)[-_.]?key|.*client[-_.]?secret|.*connection[-_.]?strings?)$/i;
/** JWK members that are private (RFC 7518 section 6). */
const PRIVATE_JWK = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth']);
const DEPTH_MAX = 100;

/** A copy in which literal values of secret names are null; placeholders such as `${SECRET}` stay. */
export function scrubbed(raw: RawObject): RawObject {
  return scrub(raw, 0) as RawObject;
}

function scrub(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) return null;
  if (Array.isArray(value)) return value.map((item) => scrub(item, depth + 1));
  if (!isObject(value)) return value;
  const jwk = typeof value['kty'] === 'string';
  const result: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, member] of Object.entries(value)) {
    const hidden = (jwk && PRIVATE_JWK.has(name)) || SECRET_KEY.test(name.length > 200 ? name.slice(-200) : name);
    result[name] = hidden ? hide(member, depth, /strings$/i.test(name)) : scrub(member, depth + 1);
  }
  return result;
}

/** @param all whether every text below is a secret, whatever its name: connection strings by database */
function hide(value: unknown, depth: number, all: boolean): unknown {
  if (depth > DEPTH_MAX) return null;
  if (typeof value === 'string') return isLiteral(value) ? null : value;
  // Keycloak writes configuration values as lists: `"privateKey": ["…"]`.
  if (Array.isArray(value)) return value.map((item) => hide(item, depth + 1, all));
  if (!isObject(value)) return value;
  if (!all) return scrub(value, depth + 1);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (name === '__proto__' ? [] : [[name, hide(one, depth + 1, true)]])),
  );
}
