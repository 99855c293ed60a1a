// Every format beside Kubernetes objects, one row each.
import { COMPOSE, DOTENV } from './compose/format.ts';
import { DOCKERFILE, DOCKERIGNORE } from './dockerfile/format.ts';
import type { Format, TextFormat } from './format.ts';
import { OAUTH_FORMATS, SPRING_PROPERTIES } from './oauth/format.ts';
import { OPENAPI, OPENAPI_PART } from './openapi/format.ts';
import { ENVOY, NGINX } from './proxies/format.ts';
import { VAULT_METADATA } from './vault/format.ts';

/** The first that matches reads; what is told by its shape alone comes last. */
export const FORMATS: readonly Format[] = [OPENAPI, COMPOSE, ENVOY, ...OAUTH_FORMATS, VAULT_METADATA, OPENAPI_PART];

export const TEXT_FORMATS: readonly TextFormat[] = [DOTENV, DOCKERIGNORE, DOCKERFILE, SPRING_PROPERTIES, NGINX];
