// The words for what an Ingress asks of its controller.
import type { Resource } from '#model/resource.ts';

export const INGRESS_CONTROLLERS = ['nginx', 'nginx-org', 'traefik', 'haproxy', 'haproxy-ingress', 'alb', 'gce'] as const;
export type IngressController = (typeof INGRESS_CONTROLLERS)[number];

/** A value, and the annotation that says it. */
export interface IngressSetting<T> {
  readonly value: T;
  /** Key of the annotation on the Ingress. */
  readonly key: string;
  /** Where the value stands when the annotation only names it: a Traefik Middleware, a GKE FrontendConfig. */
  readonly resource?: Resource;
}

export interface IngressRateLimit {
  /** Requests or connections of one client, or kilobytes for `bandwidth`. */
  readonly amount: number;
  readonly unit: 'requests' | 'connections' | 'kilobytes';
  /** Of `amount`, for requests and kilobytes; 0 for connections. */
  readonly perSeconds: number;
}

export interface IngressAuthentication {
  readonly kind: 'basic' | 'digest' | 'external' | 'mtls' | 'oidc';
  /** False where a caller without credentials is let through: `auth-tls-verify-client: optional`. */
  readonly enforced: boolean;
  /** The external service, the Secret or the CA that it names. */
  readonly by: string;
}

export interface IngressCors {
  readonly origins: readonly string[];
  readonly credentials: boolean;
}

export type IngressBackendProtocol = 'http' | 'https' | 'h2c' | 'h2' | 'grpc' | 'grpcs' | 'fcgi' | 'auto';

/** What is said; a member is absent where no annotation speaks. */
export interface IngressSettings {
  /** Those whose annotations are in force here. */
  readonly controllers: readonly IngressController[];
  /** `spec.ingressClassName`, or the annotation that it replaced. */
  readonly className?: string;
  /** Plain HTTP is answered with a redirect. ingress-nginx does so by itself for hosts with TLS unless this says false. */
  readonly tlsRedirect?: IngressSetting<boolean>;
  /** Whether port 80 is open at all. */
  readonly plainHttp?: IngressSetting<boolean>;
  /** TLS that `spec.tls` does not show: certificates of the cloud, Traefik's `router.tls`. */
  readonly tls?: IngressSetting<string>;
  /** The bytes go to the workload undecrypted. */
  readonly tlsPassthrough?: IngressSetting<boolean>;
  /** Name of a policy, versions or ciphers. */
  readonly tlsPolicies: readonly IngressSetting<string>[];
  readonly backendProtocol?: IngressSetting<IngressBackendProtocol>;
  /** Whether the certificate of an encrypted backend is checked. */
  readonly backendVerify?: IngressSetting<boolean>;
  readonly rateLimits: readonly IngressSetting<IngressRateLimit>[];
  /** Ranges that alone may call. */
  readonly sourceRanges?: IngressSetting<readonly string[]>;
  readonly deniedRanges?: IngressSetting<readonly string[]>;
  readonly authentications: readonly IngressSetting<IngressAuthentication>[];
  readonly cors?: IngressSetting<IngressCors>;
  /** Raw configuration of the controller. */
  readonly snippets: readonly IngressSetting<string>[];
  readonly rewrite?: IngressSetting<string>;
  /** Whether a web application firewall looks at requests; the text names it. */
  readonly waf?: IngressSetting<{ readonly on: boolean; readonly by: string }>;
  /** `internal`: only from inside the cloud network. */
  readonly reachableFrom?: IngressSetting<'internet' | 'internal'>;
}

/** Built up by the tables of the controllers. */
export type IngressDraft = { -readonly [K in keyof IngressSettings]: IngressSettings[K] } & {
  rateLimits: IngressSetting<IngressRateLimit>[];
  authentications: IngressSetting<IngressAuthentication>[];
  snippets: IngressSetting<string>[];
  tlsPolicies: IngressSetting<string>[];
};

/** Annotations of one controller, without its prefix. */
export interface AnnotationView {
  /** The first of these names that is there. */
  get(...names: readonly string[]): IngressSetting<string> | undefined;
  readonly names: readonly string[];
}
