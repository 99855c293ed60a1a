// Authorization servers and clients of OAuth 2 and OpenID Connect, whatever document declares them; values of secrets never come in.
import type { Path } from './origin.ts';
import type { Resource } from './resource.ts';

/** What a document says, and where. */
export interface Stated<T> {
  readonly value: T;
  readonly path: Path;
}

/** What kind of document it was read from. */
export type OAuthSource =
  | 'metadata' // RFC 8414, OpenID Connect Discovery
  | 'registration' // RFC 7591, Auth0, Okta
  | 'keycloak'
  | 'oidc-provider'
  | 'spring'
  | 'settings'; // ASP.NET, Node, other configuration files

/** Members are absent when the document says nothing about them. */
export interface OAuthServer {
  readonly source: OAuthSource;
  /** Issuer, or the realm's name. */
  readonly name: string;
  readonly resource: Resource;
  readonly path: Path;
  readonly issuer?: Stated<string>;
  readonly endpoints: readonly (Stated<string> & { readonly name: string })[];
  readonly grants?: Stated<readonly string[]>;
  readonly responseTypes?: Stated<readonly string[]>;
  /** `code_challenge_methods_supported`; an empty list when the document is of a kind that would name them and does not. */
  readonly pkceMethods?: Stated<readonly string[]>;
  /** Whether every client must use PKCE. */
  readonly pkceRequired?: Stated<boolean>;
  readonly signing?: Stated<readonly string[]>;
  readonly clientAuthentication?: Stated<readonly string[]>;
  /** `open`: anybody registers clients; `guarded`: with an initial token, from trusted hosts; `off`. */
  readonly registration?: Stated<'open' | 'guarded' | 'off' | 'unknown'>;
  /** RFC 9207: whether authorization responses carry `iss`. */
  readonly issInResponse?: Stated<boolean>;
  readonly refreshRotation?: Stated<boolean>;
  /** Keycloak's `sslRequired`: `all`, `external`, `none`. */
  readonly sslRequired?: Stated<string>;
  readonly bruteForceProtected?: Stated<boolean>;
  /** Seconds. */
  readonly accessTokenLifetimeS?: Stated<number>;
}

export interface OAuthClient {
  readonly source: OAuthSource;
  readonly id: string;
  readonly resource: Resource;
  readonly path: Path;
  /** The server it is registered at, when the document tells: name of an OAuthServer. */
  readonly server?: string;
  readonly enabled: boolean;
  /** Whether it authenticates with nothing (RFC 6749 section 2.1). */
  readonly public?: Stated<boolean>;
  readonly grants?: Stated<readonly string[]>;
  readonly responseTypes?: Stated<readonly string[]>;
  /** `S256`, `plain`, `required` (method not said) or `off`; absent when the document is of a kind that does not say. */
  readonly pkce?: Stated<'S256' | 'plain' | 'required' | 'off'>;
  readonly redirectUris: readonly Stated<string>[];
  readonly webOrigins: readonly Stated<string>[];
  readonly signing?: Stated<readonly string[]>;
  readonly authentication?: Stated<string>;
  readonly refreshRotation?: Stated<boolean>;
  /** A secret is written in the document. */
  readonly secret?: {
    readonly path: Path;
    /** Whether it is the value itself, not a placeholder such as `${SECRET}` or `**********`. */
    readonly literal: boolean;
    /** Milliseconds since 1970. */
    readonly createdMs?: number;
    /** 0: never (RFC 7591 section 3.2.1). */
    readonly expiresMs?: number;
  };
}
