// The header `x-forwarded-client-cert`: who showed which certificate to whom, in Envoy's form.
import type { ConnectionInfo } from '#wire/types.ts';

/** What a peer may have forwarded of hops before it, bytes. */
const FORWARDED_MAX = 8192;

/**
 * One element of the header: `By=<own identity>;Hash=<SHA-256>;Subject="<subject>";URI=<identity>` (Envoy, HTTP connection manager, x-forwarded-client-cert).
 * @param tls of a connection whose peer showed a certificate
 */
export function clientCertElement(by: string, tls: NonNullable<ConnectionInfo['tls']>): string {
  const uri = tls.peerIdentity === '' ? '' : `;URI=${tls.peerIdentity}`;
  return `By=${by};Hash=${tls.peerHash ?? ''};Subject="${quoted(tls.peerSubject ?? '')}"${uri}`;
}

/**
 * What a verified peer forwarded of the hops before it, to be put before our own element; '' when there is nothing, or when it is not fit to be passed on:
 * too long, or with a byte that is no visible ASCII.
 */
export function forwardedElements(values: readonly string[]): string {
  const text = values.join(',');
  return text.length <= FORWARDED_MAX && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) ? text : '';
}

/** Of a subject: quotes and backslashes escaped, anything that no header may hold replaced. */
function quoted(subject: string): string {
  if (subject === '') return '';
  return subject
    .slice(0, 1024)
    .replaceAll(/["\\]/g, '\\$&')
    .replaceAll(/[^\x20-\x7e]/g, '?');
}
