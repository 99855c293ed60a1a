// OAuth 2 and OpenID Connect: servers, clients, and settings of what checks tokens (RFC 9700).
import type { SystemRule } from '../rule.ts';
import { ID_TOKEN_RESPONSE } from './oauth/id-token-response.ts';
import { IMPLICIT_GRANT } from './oauth/implicit-grant.ts';
import { PASSWORD_GRANT } from './oauth/password-grant.ts';
import { INTROSPECTION } from './oauth/introspection-without-issuer.ts';
import { PKCE_MISSING } from './oauth/pkce-missing.ts';
import { PKCE_PLAIN } from './oauth/pkce-plain.ts';
import { ANY_ORIGIN } from './oauth/any-web-origin.ts';
import { FOREIGN_REDIRECT } from './oauth/foreign-redirect.ts';
import { PLAIN_REDIRECT } from './oauth/http-redirect.ts';
import { WILDCARD_REDIRECT } from './oauth/wildcard-redirect.ts';
import { OLD_SECRET } from './oauth/old-secret.ts';
import { SECRET_IN_DOCUMENT } from './oauth/secret-in-document.ts';
import { LONG_TOKEN } from './oauth/long-access-token.ts';
import { NO_BRUTE_FORCE } from './oauth/no-brute-force-protection.ts';
import { NO_ISSUER_IN_RESPONSE } from './oauth/no-issuer-in-response.ts';
import { NO_ROTATION } from './oauth/refresh-not-rotated.ts';
import { OPEN_REGISTRATION } from './oauth/open-registration.ts';
import { PLAIN_SERVER } from './oauth/http-endpoint.ts';
import { WEAK_ALGORITHM } from './oauth/weak-algorithm.ts';
import { TOKEN_CLAIMS } from './oauth/token-claims-unchecked.ts';
import { VALIDATION_OFF } from './oauth/validation-off.ts';

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
