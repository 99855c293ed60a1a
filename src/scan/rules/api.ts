// OWASP API Security Top 10 (2023) over OpenAPI and Swagger documents.
import type { SystemRule } from '../rule.ts';
import { NO_AUTHENTICATION, NO_SCHEME, UNDEFINED_SCHEME } from './api/authentication.ts';
import { FUNCTION_AUTHORIZATION, OBJECT_AUTHORIZATION } from './api/authorization.ts';
import { NO_LIMIT, NO_PAGINATION, UNBOUNDED } from './api/consumption.ts';
import { BASIC, KEY_IN_QUERY, NO_REFUSAL, PLAIN_HTTP } from './api/credentials.ts';
import { DEPRECATED, INNER_SERVER, OLD_VERSION, OUTGOING } from './api/inventory.ts';
import { CORS, EXAMPLE_SECRET, SSRF } from './api/misconfiguration.ts';
import { MASS_ASSIGNMENT, READ_ONLY, SECRET_IN_RESPONSE } from './api/properties.ts';

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
