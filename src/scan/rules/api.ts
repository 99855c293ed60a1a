// OWASP API Security Top 10 (2023) over OpenAPI and Swagger documents.
import type { SystemRule } from '../rule.ts';
import { NO_AUTHENTICATION } from './api/no-authentication.ts';
import { NO_SCHEME } from './api/no-security-scheme.ts';
import { UNDEFINED_SCHEME } from './api/undefined-security-scheme.ts';
import { FUNCTION_AUTHORIZATION } from './api/function-authorization.ts';
import { OBJECT_AUTHORIZATION } from './api/object-authorization.ts';
import { NO_LIMIT } from './api/no-rate-limit.ts';
import { NO_PAGINATION } from './api/no-pagination.ts';
import { UNBOUNDED } from './api/unbounded-input.ts';
import { BASIC } from './api/basic-authentication.ts';
import { KEY_IN_QUERY } from './api/credential-in-query.ts';
import { NO_REFUSAL } from './api/no-refusal-documented.ts';
import { PLAIN_HTTP } from './api/plain-http.ts';
import { DEPRECATED } from './api/deprecated.ts';
import { INNER_SERVER } from './api/inner-server.ts';
import { OLD_VERSION } from './api/old-version.ts';
import { OUTGOING } from './api/unsafe-consumption.ts';
import { CORS } from './api/cors-any-origin.ts';
import { EXAMPLE_SECRET } from './api/example-secret.ts';
import { SSRF } from './api/ssrf.ts';
import { MASS_ASSIGNMENT } from './api/mass-assignment.ts';
import { READ_ONLY } from './api/read-only-missing.ts';
import { SECRET_IN_RESPONSE } from './api/secret-in-response.ts';

export const API_RULES: readonly SystemRule[] = [
  OBJECT_AUTHORIZATION,
  NO_AUTHENTICATION,
  NO_SCHEME,
  UNDEFINED_SCHEME,
  KEY_IN_QUERY,
  BASIC,
  NO_REFUSAL,
  SECRET_IN_RESPONSE,
  MASS_ASSIGNMENT,
  READ_ONLY,
  NO_PAGINATION,
  NO_LIMIT,
  UNBOUNDED,
  FUNCTION_AUTHORIZATION,
  SSRF,
  CORS,
  PLAIN_HTTP,
  EXAMPLE_SECRET,
  OLD_VERSION,
  DEPRECATED,
  INNER_SERVER,
  OUTGOING,
];
