// The annotations of each ingress controller, one small reader for each matter. Sources: the annotation references of ingress-nginx,
// NGINX Ingress Controller, HAProxy Kubernetes Ingress Controller, HAProxy Ingress, AWS Load Balancer Controller, GKE Ingress, Traefik.
import type {
  AnnotationView,
  IngressAuthentication,
  IngressBackendProtocol,
  IngressController,
  IngressDraft,
  IngressRateLimit,
  IngressSetting,
} from './ingress-settings.ts';

type Row = (view: AnnotationView, draft: IngressDraft) => void;

/** The same annotation with another value. */
function as<T>(setting: IngressSetting<string>, value: T): IngressSetting<T> {
  return { value, key: setting.key };
}

/** Go's strconv.ParseBool, and the on/off of HAProxy. */
export function isTrue(text: string): boolean {
  return /^(?:1|t|true|on|yes)$/i.test(text);
}

export function listOf(text: string): readonly string[] {
  return text
    .split(/[,\s]+/)
    .slice(0, 10_000)
    .filter((part) => part !== '');
}

/** Two spellings of true or false. */
const flag =
  (field: 'tlsRedirect' | 'plainHttp' | 'tlsPassthrough' | 'backendVerify', ...names: readonly string[]): Row =>
  (view, draft) => {
    const found = view.get(...names);
    if (found) draft[field] = as(found, isTrue(found.value));
  };

const ranges =
  (field: 'sourceRanges' | 'deniedRanges', ...names: readonly string[]): Row =>
  (view, draft) => {
    const found = view.get(...names);
    const values = found ? listOf(found.value) : [];
    if (found && values.length > 0) draft[field] = as(found, values);
  };

const limit =
  (name: string, unit: IngressRateLimit['unit'], perSeconds: number): Row =>
  (view, draft) => {
    const found = view.get(name);
    const amount = Number(found?.value);
    if (found && Number.isFinite(amount) && amount > 0) draft.rateLimits.push(as(found, { amount, unit, perSeconds }));
  };

const snippets =
  (...names: readonly string[]): Row =>
  (view, draft) => {
    for (const name of names) {
      const found = view.get(name);
      if (found && found.value !== '') draft.snippets.push(found);
    }
  };

const tlsPolicy =
  (...names: readonly string[]): Row =>
  (view, draft) => {
    for (const name of names) {
      const found = view.get(name);
      if (found && found.value !== '') draft.tlsPolicies.push(found);
    }
  };

const rewrite =
  (...names: readonly string[]): Row =>
  (view, draft) => {
    const found = view.get(...names);
    if (found) draft.rewrite = found;
  };

const protocol =
  (words: Readonly<Record<string, IngressBackendProtocol>>, ...names: readonly string[]): Row =>
  (view, draft) => {
    const found = view.get(...names);
    const value = found && words[found.value.toLowerCase()];
    if (found && value !== undefined) draft.backendProtocol = as(found, value);
  };

/** `secure-backends: "true"` of older releases. */
const encrypted =
  (...names: readonly string[]): Row =>
  (view, draft) => {
    const found = view.get(...names);
    if (found && isTrue(found.value)) draft.backendProtocol ??= as(found, 'https');
  };

/** Basic and digest authentication by Secret, external authentication by URL, client certificates by CA. */
const authentication: Row = (view, draft) => {
  const push = (found: IngressSetting<string>, value: IngressAuthentication): void => {
    draft.authentications.push(as(found, value));
  };
  const type = view.get('auth-type');
  const secret = view.get('auth-secret')?.value ?? view.get('auth-realm')?.value ?? '';
  if (type && /^(?:basic|basic-auth|digest)$/i.test(type.value))
    push(type, { kind: /digest/i.test(type.value) ? 'digest' : 'basic', enforced: true, by: secret });
  const url = view.get('auth-url');
  if (url && url.value !== '') push(url, { kind: 'external', enforced: true, by: url.value });
  const ca = view.get('auth-tls-secret', 'client-ca');
  if (ca && ca.value !== '') {
    const verify = view.get('auth-tls-verify-client')?.value.toLowerCase() ?? 'on';
    if (verify !== 'off') push(ca, { kind: 'mtls', enforced: verify === 'on' || verify === 'true', by: ca.value });
  }
  const oauth = view.get('oauth');
  if (oauth && oauth.value !== '') push(oauth, { kind: 'external', enforced: true, by: oauth.value });
};

/** @param on the switch @param credentialsDefault what the controller does when nothing is said */
const cors =
  (on: readonly string[], credentialsDefault: boolean): Row =>
  (view, draft) => {
    const found = view.get(...on);
    if (!found || !isTrue(found.value)) return;
    const origin = view.get('cors-allow-origin');
    const credentials = view.get('cors-allow-credentials');
    const value = {
      origins: origin ? listOf(origin.value) : ['*'],
      credentials: credentials ? isTrue(credentials.value) : credentialsDefault,
    };
    draft.cors = { value, key: origin?.key ?? found.key };
  };

const NGINX_PROTOCOLS = { http: 'http', https: 'https', grpc: 'grpc', grpcs: 'grpcs', fcgi: 'fcgi', auto_http: 'auto' } as const;
const HAPROXY_PROTOCOLS = {
  h1: 'http',
  'h1-ssl': 'https',
  h2: 'h2c',
  'h2-ssl': 'h2',
  http: 'http',
  https: 'https',
  grpc: 'grpc',
  grpcs: 'grpcs',
  fcgi: 'fcgi',
} as const;

const NGINX: readonly Row[] = [
  flag('tlsRedirect', 'force-ssl-redirect', 'ssl-redirect'),
  flag('tlsPassthrough', 'ssl-passthrough'),
  flag('backendVerify', 'proxy-ssl-verify'),
  protocol(NGINX_PROTOCOLS, 'backend-protocol'),
  encrypted('secure-backends'),
  tlsPolicy('ssl-ciphers', 'proxy-ssl-protocols', 'proxy-ssl-ciphers'),
  limit('limit-rps', 'requests', 1),
  limit('limit-rpm', 'requests', 60),
  limit('limit-connections', 'connections', 0),
  limit('limit-rate', 'kilobytes', 1),
  (view, draft) => {
    const found = view.get('global-rate-limit');
    const amount = Number(found?.value);
    const perSeconds = seconds(view.get('global-rate-limit-window')?.value ?? '1s');
    if (found && amount > 0 && perSeconds > 0) draft.rateLimits.push(as(found, { amount, unit: 'requests', perSeconds }));
  },
  ranges('sourceRanges', 'allowlist-source-range', 'whitelist-source-range'),
  ranges('deniedRanges', 'denylist-source-range'),
  authentication,
  cors(['enable-cors'], true),
  snippets('configuration-snippet', 'server-snippet', 'auth-snippet', 'stream-snippet', 'modsecurity-snippet'),
  rewrite('rewrite-target'),
  (view, draft) => {
    const found = view.get('enable-modsecurity') ?? view.get('enable-owasp-core-rules', 'enable-owasp-modsecurity-crs');
    if (!found) return;
    const off = /SecRuleEngine\s{1,20}(?:Off|DetectionOnly)/i.test(view.get('modsecurity-snippet')?.value.slice(0, 10_000) ?? '');
    draft.waf = as(found, { on: isTrue(found.value) && !off, by: 'ModSecurity' });
  },
];

const NGINX_ORG: readonly Row[] = [
  flag('tlsRedirect', 'redirect-to-https'),
  (view, draft) => {
    for (const [name, value] of [
      ['ssl-services', 'https'],
      ['grpc-services', 'grpc'],
    ] as const) {
      const found = view.get(name);
      if (found && found.value !== '') draft.backendProtocol ??= as(found, value);
    }
  },
  (view, draft) => {
    const found = view.get('limit-req-rate');
    const rate = /^(\d{1,9})r\/([sm])$/.exec(found?.value ?? '');
    if (found && rate)
      draft.rateLimits.push(as(found, { amount: Number(rate[1]), unit: 'requests', perSeconds: rate[2] === 'm' ? 60 : 1 }));
  },
  (view, draft) => {
    const basic = view.get('basic-auth-secret');
    if (basic) draft.authentications.push(as(basic, { kind: 'basic', enforced: true, by: basic.value }));
    const jwt = view.get('jwt-key');
    if (jwt) draft.authentications.push(as(jwt, { kind: 'oidc', enforced: true, by: jwt.value }));
  },
  snippets('location-snippets', 'server-snippets'),
  rewrite('rewrites'),
  (view, draft) => {
    const found = view.get('app-protect-enable');
    if (found) draft.waf = as(found, { on: isTrue(found.value), by: 'App Protect' });
  },
];

/** haproxy.org/ */
const HAPROXY: readonly Row[] = [
  flag('tlsRedirect', 'ssl-redirect'),
  flag('tlsPassthrough', 'ssl-passthrough'),
  encrypted('server-ssl'),
  (view, draft) => {
    const ca = view.get('server-ca');
    if (ca) draft.backendVerify = as(ca, ca.value !== '');
  },
  (view, draft) => {
    const found = view.get('rate-limit-requests');
    const amount = Number(found?.value);
    const perSeconds = seconds(view.get('rate-limit-period')?.value ?? '1s');
    if (found && amount > 0 && perSeconds > 0) draft.rateLimits.push(as(found, { amount, unit: 'requests', perSeconds }));
  },
  ranges('sourceRanges', 'allow-list', 'whitelist'),
  ranges('deniedRanges', 'deny-list', 'blacklist'),
  authentication,
  cors(['cors-enable'], false),
  snippets('backend-config-snippet', 'frontend-config-snippet', 'global-config-snippet', 'stats-config-snippet'),
  rewrite('path-rewrite'),
];

/** haproxy-ingress.github.io/, and ingress.kubernetes.io/ before it. */
const HAPROXY_INGRESS: readonly Row[] = [
  flag('tlsRedirect', 'ssl-redirect'),
  flag('tlsPassthrough', 'ssl-passthrough'),
  protocol(HAPROXY_PROTOCOLS, 'backend-protocol'),
  encrypted('secure-backends'),
  (view, draft) => {
    const ca = view.get('secure-verify-ca-secret');
    if (ca) draft.backendVerify = as(ca, ca.value !== '');
  },
  tlsPolicy('ssl-ciphers', 'ssl-cipher-suites', 'ssl-options', 'tls-alpn'),
  limit('limit-rps', 'requests', 1),
  limit('limit-connections', 'connections', 0),
  ranges('sourceRanges', 'allowlist-source-range', 'whitelist-source-range'),
  ranges('deniedRanges', 'denylist-source-range'),
  authentication,
  cors(['cors-enable'], true),
  snippets('config-backend', 'config-backend-early', 'config-backend-late', 'config-frontend', 'config-tcp-service'),
  rewrite('rewrite-target'),
  (view, draft) => {
    const found = view.get('waf');
    if (found && found.value !== '') {
      const detect = /^detect$/i.test(view.get('waf-mode')?.value ?? '');
      draft.waf = as(found, { on: !detect, by: found.value });
    }
  },
];

const ALB: readonly Row[] = [
  (view, draft) => {
    const found = view.get('ssl-redirect');
    if (found) draft.tlsRedirect = as(found, /^\d{1,5}$/.test(found.value));
    for (const name of view.names.filter((each) => each.startsWith('actions.'))) {
      const action = view.get(name)!;
      if (/"protocol"\s{0,20}:\s{0,20}"HTTPS"/i.test(action.value.slice(0, 10_000))) draft.tlsRedirect ??= as(action, true);
    }
  },
  (view, draft) => {
    const ports = view.get('listen-ports');
    if (ports) draft.plainHttp = as(ports, /"HTTP"\s{0,20}:/i.test(ports.value.slice(0, 10_000)));
    const certificate = view.get('certificate-arn');
    if (certificate && certificate.value !== '') draft.tls = certificate;
    else if (ports && /"HTTPS"\s{0,20}:/i.test(ports.value.slice(0, 10_000))) draft.tls = ports;
  },
  tlsPolicy('ssl-policy'),
  (view, draft) => {
    const version = view.get('backend-protocol-version');
    const found = view.get('backend-protocol');
    const secure = /^https$/i.test(found?.value ?? '');
    if (version && /^grpc$/i.test(version.value)) draft.backendProtocol = as(version, secure ? 'grpcs' : 'grpc');
    else if (version && /^http2$/i.test(version.value)) draft.backendProtocol = as(version, secure ? 'h2' : 'h2c');
    else if (found) draft.backendProtocol = as(found, secure ? 'https' : 'http');
  },
  ranges('sourceRanges', 'inbound-cidrs'),
  (view, draft) => {
    const type = view.get('auth-type');
    if (type && /^(?:oidc|cognito)$/i.test(type.value)) {
      const action = view.get('auth-on-unauthenticated-request')?.value ?? 'authenticate';
      draft.authentications.push(as(type, { kind: 'oidc', enforced: !/^allow$/i.test(action), by: type.value.toLowerCase() }));
    }
    const mutual = view.get('mutual-authentication');
    const verify = /"mode"\s{0,20}:\s{0,20}"verify"/i.test(mutual?.value.slice(0, 10_000) ?? '');
    if (mutual && verify) draft.authentications.push(as(mutual, { kind: 'mtls', enforced: true, by: 'trust store' }));
  },
  (view, draft) => {
    const found = view.get('wafv2-acl-arn', 'wafv2-acl-name', 'waf-acl-id', 'web-acl-id');
    if (found) draft.waf = as(found, { on: found.value !== '' && found.value !== 'none', by: 'AWS WAF' });
  },
  (view, draft) => {
    // The default of the controller is internal.
    const found = view.get('scheme');
    if (found) draft.reachableFrom = as(found, found.value === 'internet-facing' ? 'internet' : 'internal');
  },
];

const GCE: readonly Row[] = [
  flag('plainHttp', 'allow-http'),
  (view, draft) => {
    const found = view.get('managed-certificates', 'pre-shared-cert', 'certmap');
    if (found && found.value !== '') draft.tls = found;
  },
];

const TRAEFIK: readonly Row[] = [
  (view, draft) => {
    const tls = view.get('router.tls');
    const resolver = view.get('router.tls.certresolver');
    if (tls && isTrue(tls.value)) draft.tls = tls;
    else if (resolver) draft.tls = resolver;
    const options = view.get('router.tls.options');
    if (options) draft.tlsPolicies.push(options);
  },
  (view, draft) => {
    const entry = view.get('router.entrypoints', 'frontend-entry-points');
    if (entry)
      draft.plainHttp = as(
        entry,
        listOf(entry.value).some((name) => /^(?:web|http)$/i.test(name)),
      );
  },
  flag('tlsRedirect', 'ssl-redirect'),
  ranges('sourceRanges', 'whitelist-source-range'),
  rewrite('rewrite-target'),
  authentication,
  protocol({ http: 'http', https: 'https', h2c: 'h2c' }, 'service.serversscheme', 'protocol'),
];

/** Everything that the annotations of one controller say. */
export const ANNOTATION_ROWS: Readonly<Record<IngressController, readonly Row[]>> = {
  nginx: NGINX,
  'nginx-org': NGINX_ORG,
  traefik: TRAEFIK,
  haproxy: HAPROXY,
  'haproxy-ingress': HAPROXY_INGRESS,
  alb: ALB,
  gce: GCE,
};

/** `10s`, `1m`, `500ms` in seconds; a bare number is milliseconds, as HAProxy reads it. */
function seconds(text: string): number {
  const read = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text);
  if (!read) return 0;
  const factor = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[read[2] ?? 'ms'] ?? 0;
  return Number(read[1]) * factor;
}
