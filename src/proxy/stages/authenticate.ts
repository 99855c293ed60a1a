import { removeCookies, removeParams } from '../credentials.ts';
import { refuse } from '../refuse.ts';
import type { AuthnResult } from '#authn/request-authentication.ts';
import type { Exchange } from '../exchange.ts';
import { policyIsOff } from './authorise.ts';
import type { Step } from './step.ts';

/** Who the token says the caller is. A request without one passes; to demand one is AuthorizationPolicy's part. */
export function authenticate(x: Exchange): Step | Promise<Step> {
  const { authenticator } = x.service;
  if (authenticator === undefined || policyIsOff(x)) return 'next';
  const result = authenticator.authenticate(x);
  return result instanceof Promise ? result.then((settled) => settle(x, settled)) : settle(x, result);
}

function settle(x: Exchange, result: AuthnResult): Step | Promise<Step> {
  if (result.kind === 'deny') {
    const headers = result.status === 401 ? ['www-authenticate', `Bearer realm="${realm(x)}", error="invalid_token"`] : [];
    return refuse(x, { status: result.status, code: result.code, reasons: result.reasons, headers });
  }
  const { headers } = x;
  for (const name of result.removeHeaders) if (name !== 'host') headers.remove(name);
  if (result.kind === 'none') return 'next';
  if (result.removeCookies.length > 0) removeCookies(headers, result.removeCookies);
  if (result.removeParams.length > 0) {
    x.query = removeParams(x.query, result.removeParams);
    x.target = x.path + x.query;
  }
  for (const [name, value] of result.setHeaders) if (name !== 'host') headers.set(name, value);
  x.auth = result.auth;
  if (result.auth.subject !== '') x.sessionId = x.service.config.sessions.ofSubject(result.auth.principal);
  return 'next';
}

/** The URL asked for, as Envoy names the realm, without what could end the quoted string. */
function realm(x: Exchange): string {
  return `http://${x.host}${x.path}`.replaceAll(/["\\]/g, '');
}
