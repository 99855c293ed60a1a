// Schemes that authenticate a connection instead of a request (RFC 4559 section 5). A connection that was used for one is nobody else's any more.
import type { HeaderInput } from '../types.ts';

const CONNECTION_SCHEME = /^(?:ntlm|negotiate)(?:\s|$)/i;

/** Whether a request's credentials may stay with the connection that it is sent on. Only lengths are compared for most fields. */
export function authenticatesConnection(headers: HeaderInput): boolean {
  const step = typeof headers[0] === 'string' ? 2 : 1;
  for (let i = 0; i < headers.length; i += step) {
    const entry = headers[i]!;
    const name = typeof entry === 'string' ? entry : entry[0];
    if (name.length !== 13 || name.toLowerCase() !== 'authorization') continue;
    const value = typeof entry === 'string' ? (headers[i + 1] as string) : entry[1];
    if (CONNECTION_SCHEME.test(value)) return true;
  }
  return false;
}

/** Whether a challenge asks for such a scheme, so that the next request on the connection would answer it. */
export function challengesConnection(challenges: readonly string[]): boolean {
  return challenges.some((challenge) => challenge.split(',').some((one) => CONNECTION_SCHEME.test(one.trim())));
}
