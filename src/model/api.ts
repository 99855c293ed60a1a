// An API as its OpenAPI or Swagger document describes it: operations with what is in force on each, references followed lazily.
import type { Path } from './origin.ts';
import type { Resource } from './resource.ts';

/** A part of a specification, wherever a reference led to. */
export interface ApiNode {
  /** The file it is written in (kind `OpenAPI`, or `OpenAPIPart` for a file that others refer to). */
  readonly resource: Resource;
  /** From the root of that file's document. */
  readonly path: Path;
  /** Frozen plain data. */
  readonly value: unknown;
}

export interface ApiServer {
  /** With variables replaced by their defaults. */
  readonly url: string;
  readonly at: Path;
}

export interface ApiFlow {
  /** `implicit`, `password`, `clientCredentials`, `authorizationCode`, `deviceAuthorization`; Swagger 2's names are turned into these. */
  readonly type: string;
  readonly authorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly refreshUrl?: string;
  readonly scopes: readonly string[];
  readonly at: Path;
}

export interface ApiSecurityScheme {
  readonly name: string;
  /** `apiKey`, `http`, `oauth2`, `openIdConnect`, `mutualTLS`; Swagger 2's `basic` is `http` with scheme `basic`. */
  readonly type: string;
  /** Of an API key. */
  readonly in?: string;
  readonly parameter?: string;
  /** Lower case: `basic`, `bearer`, `digest`. */
  readonly scheme?: string;
  readonly flows: readonly ApiFlow[];
  readonly node: ApiNode;
}

export interface ApiParameter {
  readonly name: string;
  /** `path`, `query`, `header`, `cookie`, `querystring`; Swagger 2's `body` and `formData` become the request body. */
  readonly in: string;
  readonly required: boolean;
  readonly node: ApiNode;
  /** For Swagger 2 the parameter itself, which carries the schema's members. */
  readonly schema?: ApiNode;
}

export interface ApiContent {
  /** `application/json`; `*` when the document does not say. */
  readonly mediaType: string;
  readonly schema: ApiNode;
}

export interface ApiResponse {
  /** `200`, `4XX`, `default`. */
  readonly status: string;
  readonly node: ApiNode;
  readonly contents: readonly ApiContent[];
  /** Lower case. */
  readonly headers: readonly string[];
}

/** Alternatives, of which one suffices; each names schemes that are all needed, with their scopes. An empty one needs nothing. */
export type ApiSecurity = readonly Readonly<Record<string, readonly string[]>>[];

export interface ApiOperation {
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly id?: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly deprecated: boolean;
  readonly node: ApiNode;
  /** In force: the operation's own, else the document's. */
  readonly security: ApiSecurity;
  /** Whether a caller may come without any credential: no requirement, or `{}` among the alternatives. */
  readonly open: boolean;
  /** Those of the path and of the operation, which win. */
  readonly parameters: readonly ApiParameter[];
  readonly request: readonly ApiContent[];
  readonly responses: readonly ApiResponse[];
  /** Its own or the path's; empty: the document's. */
  readonly servers: readonly ApiServer[];
}

/** A call that the API makes itself: a callback or a webhook. */
export interface ApiOutgoing {
  readonly kind: 'callback' | 'webhook';
  readonly name: string;
  /** As written: `{$request.body#/url}`, `http://…`; '' for a webhook. */
  readonly url: string;
  readonly node: ApiNode;
}

export interface ApiDocument {
  readonly resource: Resource;
  readonly file: string;
  /** `2.0`, `3.0.1`, `3.1.0`, `3.2.0`. */
  readonly version: string;
  readonly title: string;
  readonly apiVersion: string;
  readonly servers: readonly ApiServer[];
  readonly securitySchemes: readonly ApiSecurityScheme[];
  /** Number of paths, and of named schemas. */
  readonly paths: number;
  readonly schemas: number;
  readonly operations: readonly ApiOperation[];
  readonly outgoing: readonly ApiOutgoing[];
  /** Every specification file of the System by name: what references of this one may lead to. */
  readonly files: Readonly<Record<string, Resource>>;
  /** Ids of the workloads that serve it, as far as server hosts, folders, titles and annotations tell. */
  readonly workloads: readonly string[];
}
