// Gateway API kinds as held after validation (gateway.networking.k8s.io/v1).
import type { Resource } from './resource.ts';

export interface GatewayListener {
  readonly name: string;
  readonly hostname?: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS' | 'TLS' | 'TCP' | 'UDP';
  readonly tls?: {
    readonly mode: 'Terminate' | 'Passthrough';
    readonly certificateRefs: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
  };
  readonly allowedRoutes?: {
    readonly namespaces?: { readonly from: 'All' | 'Same' | 'Selector'; readonly selector?: Readonly<Record<string, string>> };
    /** Route kinds that may attach; absent: what the protocol allows. The group is filled: `gateway.networking.k8s.io` by default. */
    readonly kinds?: readonly { readonly group: string; readonly kind: string }[];
  };
}

export interface GatewaySpec {
  readonly gatewayClassName: string;
  readonly listeners: readonly GatewayListener[];
}
export type Gateway = Resource<'Gateway', GatewaySpec>;

export interface ParentRef {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly sectionName?: string;
  readonly port?: number;
}

export interface StringMatch {
  readonly type: 'Exact' | 'RegularExpression';
  readonly name: string;
  readonly value: string;
}

export interface HttpRouteMatch {
  readonly path: { readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression'; readonly value: string };
  readonly headers: readonly StringMatch[];
  readonly queryParams: readonly StringMatch[];
  readonly method?: string;
}

export interface HeaderChange {
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly add: readonly { readonly name: string; readonly value: string }[];
  readonly remove: readonly string[];
}

export interface PathModifier {
  readonly type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  readonly value: string;
}

export type HttpRouteFilter =
  | { readonly type: 'RequestHeaderModifier'; readonly change: HeaderChange }
  | { readonly type: 'ResponseHeaderModifier'; readonly change: HeaderChange }
  | { readonly type: 'URLRewrite'; readonly hostname?: string; readonly path?: PathModifier }
  | {
      readonly type: 'RequestRedirect';
      readonly scheme?: 'http' | 'https';
      readonly hostname?: string;
      readonly port?: number;
      readonly path?: PathModifier;
      readonly statusCode: 301 | 302 | 303 | 307 | 308;
    }
  /** Kept so that a rule with a filter this version cannot apply answers 500 (Gateway API), never passes unfiltered. */
  | { readonly type: 'Unsupported'; readonly name: string };

/** A share of requests: `numerator` of every `denominator`. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

export interface BackendRef {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port: number;
  readonly weight: number;
}

export interface HttpRouteRule {
  /** Never empty: the reader fills Gateway API's default, one match on prefix `/`. */
  readonly matches: readonly HttpRouteMatch[];
  readonly filters: readonly HttpRouteFilter[];
  readonly backendRefs: readonly BackendRef[];
  readonly timeouts?: { readonly requestMs?: number; readonly backendRequestMs?: number };
}

export interface HttpRouteSpec {
  readonly parentRefs: readonly ParentRef[];
  readonly hostnames: readonly string[];
  readonly rules: readonly HttpRouteRule[];
}
export type HttpRoute = Resource<'HTTPRoute', HttpRouteSpec>;
