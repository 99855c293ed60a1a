// OAuth 2 and OpenID Connect: servers, clients, and settings of what checks tokens (RFC 9700).
import type { SystemRule } from '../rule.ts';
import { ID_TOKEN_RESPONSE, IMPLICIT_GRANT, PASSWORD_GRANT } from './oauth/grants.ts';
import { INTROSPECTION } from './oauth/introspection.ts';
import { PKCE_MISSING, PKCE_PLAIN } from './oauth/pkce.ts';
import { ANY_ORIGIN, FOREIGN_REDIRECT, PLAIN_REDIRECT, WILDCARD_REDIRECT } from './oauth/redirects.ts';
import { OLD_SECRET, SECRET_IN_DOCUMENT } from './oauth/secrets.ts';
import {
  LONG_TOKEN,
  NO_BRUTE_FORCE,
  NO_ISSUER_IN_RESPONSE,
  NO_ROTATION,
  OPEN_REGISTRATION,
  PLAIN_SERVER,
  WEAK_ALGORITHM,
} from './oauth/server.ts';
import { TOKEN_CLAIMS } from './oauth/token-claims.ts';
import { VALIDATION_OFF } from './oauth/validation.ts';

export const OAUTH_RULES: readonly SystemRule[] = [
  IMPLICIT_GRANT,
  ID_TOKEN_RESPONSE,
  PASSWORD_GRANT,
  PKCE_MISSING,
  PKCE_PLAIN,
  WILDCARD_REDIRECT,
  PLAIN_REDIRECT,
  FOREIGN_REDIRECT,
  ANY_ORIGIN,
  OPEN_REGISTRATION,
  WEAK_ALGORITHM,
  NO_ISSUER_IN_RESPONSE,
  NO_ROTATION,
  PLAIN_SERVER,
  NO_BRUTE_FORCE,
  LONG_TOKEN,
  SECRET_IN_DOCUMENT,
  OLD_SECRET,
  INTROSPECTION,
  VALIDATION_OFF,
  TOKEN_CLAIMS,
];
