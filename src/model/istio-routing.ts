// Istio's VirtualService as held after validation (istio/api networking/v1): where calls to a host go. Rules are tried in their order.
import type { HeaderChange } from './gateway.ts';
import type { Resource } from './resource.ts';

/** Istio's StringMatch. `present` is a match that says nothing but that the value is there. */
export interface TextMatch {
  readonly kind: 'exact' | 'prefix' | 'regex' | 'present';
  readonly value: string;
  readonly ignoreCase?: true;
}

export interface VirtualMatch {
  readonly uri?: TextMatch;
  readonly scheme?: TextMatch;
  readonly method?: TextMatch;
  readonly authority?: TextMatch;
  readonly headers: Readonly<Record<string, TextMatch>>;
  readonly withoutHeaders: Readonly<Record<string, TextMatch>>;
  readonly queryParams: Readonly<Record<string, TextMatch>>;
  readonly port?: number;
  readonly sourceLabels: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
  readonly gateways: readonly string[];
}

export interface VirtualDestination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: number;
}

export interface VirtualHeaders {
  readonly request?: HeaderChange;
  readonly response?: HeaderChange;
}

export interface WeightedDestination {
  readonly destination: VirtualDestination;
  readonly weight: number;
  readonly headers?: VirtualHeaders;
}

export interface VirtualRetries {
  readonly attempts: number;
  readonly perTryTimeoutMs?: number;
  /** Envoy's words and bare status numbers; absent: Istio's own list. */
  readonly retryOn?: readonly string[];
  readonly retryRemoteLocalities?: boolean;
  readonly backoffMs?: number;
}

/** A share of requests, in percent. */
export interface Fault {
  readonly delay?: { readonly percent: number; readonly ms: number };
  readonly abort?: { readonly percent: number; readonly httpStatus?: number; readonly grpcStatus?: string };
}

export interface VirtualRedirect {
  readonly uri?: string;
  readonly authority?: string;
  readonly port?: number;
  readonly derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT';
  readonly scheme?: string;
  readonly redirectCode: number;
}

export interface VirtualMirror {
  readonly destination: VirtualDestination;
  readonly percent: number;
}

export interface VirtualHttpRoute {
  readonly name: string;
  /** Empty: everything. */
  readonly match: readonly VirtualMatch[];
  readonly route: readonly WeightedDestination[];
  readonly redirect?: VirtualRedirect;
  readonly directResponse?: { readonly status: number; readonly body: string };
  readonly rewrite?: { readonly uri?: string; readonly authority?: string };
  readonly timeoutMs?: number;
  readonly retries?: VirtualRetries;
  readonly fault?: Fault;
  readonly mirrors: readonly VirtualMirror[];
  readonly headers?: VirtualHeaders;
  /** Members that were written and that this data plane cannot honour: a route with one answers 500. */
  readonly unsupported: readonly string[];
}

export interface VirtualServiceSpec {
  readonly hosts: readonly string[];
  /** Empty: the sidecars, `mesh`. */
  readonly gateways: readonly string[];
  readonly exportTo: readonly string[];
  readonly http: readonly VirtualHttpRoute[];
  /** Numbers of `tls` and `tcp` routes, which are not acted on here. */
  readonly tlsRoutes: number;
  readonly tcpRoutes: number;
}

export interface VirtualService {
  readonly namespace: string;
  readonly name: string;
  readonly spec: VirtualServiceSpec;
  readonly resource: Resource;
}
