// What happens to each request header on its way through: one table, looked up once a header.

/** What the proxy does with a header that a caller sent. */
export type HeaderRule =
  /** Passed on as it came. */
  | 'pass'
  /** Meant for this hop only (RFC 9110 section 7.6.1), or framing that the codec writes anew. */
  | 'hop'
  /** Says who calls, or what another proxy decided: only this proxy may say it, so a caller's copy never passes. */
  | 'identity'
  /** Names another method than the one that is judged and forwarded: it ends where policy is enforced. */
  | 'override'
  /** Says where a request came from: read and written anew by `forwarded`. */
  | 'forwarded'
  /** Correlation: read and written anew by `correlate`. */
  | 'correlation';

const RULES: ReadonlyMap<string, HeaderRule> = new Map<string, HeaderRule>([
  ...(
    [
      'connection',
      'proxy-connection',
      'keep-alive',
      'te',
      'trailer',
      'transfer-encoding',
      'upgrade',
      'content-length',
      'proxy-authenticate',
      'proxy-authorization',
      'http2-settings',
      'expect',
    ] as const
  ).map((name) => [name, 'hop'] as const),
  ...(
    [
      'x-forwarded-client-cert',
      'x-client-cert',
      'x-ssl-client-cert',
      'x-original-url',
      'x-rewrite-url',
      'x-original-uri',
      'x-accel-redirect',
    ] as const
  ).map((name) => [name, 'identity'] as const),
  ...(
    [
      'forwarded',
      'x-forwarded-for',
      'x-forwarded-proto',
      'x-forwarded-host',
      'x-forwarded-port',
      'x-forwarded-prefix',
      'x-forwarded-server',
      'x-forwarded-scheme',
      'x-forwarded-ssl',
      'x-forwarded-uri',
      'x-forwarded-method',
      'x-forwarded-path',
      'x-real-ip',
      'x-client-ip',
      'x-cluster-client-ip',
      'true-client-ip',
      'cf-connecting-ip',
      'fastly-client-ip',
    ] as const
  ).map((name) => [name, 'forwarded'] as const),
  ...(['x-http-method-override', 'x-http-method', 'x-method-override'] as const).map((name) => [name, 'override'] as const),
  ...(['x-request-id', 'traceparent', 'tracestate', 'x-cullis-session-id'] as const).map(
    (name) => [name, 'correlation'] as const,
  ),
]);

const IDENTITY_PREFIXES = ['x-cullis-', 'x-envoy-', 'x-istio-', 'x-forwarded-client-cert-'] as const;
const KNOWN_MAX = 4096;

/**
 * The rule of a header name. `_` and `.` read as `-` in CGI-like applications, so an alias of a managed name (`x_forwarded_for`) counts
 * as a forged copy whatever the managed name's own rule is.
 */
export class HeaderRules {
  /** Names seen, so that one costs a look-up. Strangers choose names, hence the bound. */
  readonly #known = new Map<string, HeaderRule>(RULES);

  /** @param name lower case */
  of(name: string): HeaderRule {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const rule = ruleOf(name);
    if (this.#known.size < KNOWN_MAX && name.length <= 64) this.#known.set(name, rule);
    return rule;
  }
}

function ruleOf(name: string): HeaderRule {
  const plain = name.replaceAll(/[_.]/g, '-');
  const managed = RULES.get(plain);
  if (managed !== undefined) return plain === name ? managed : 'identity';
  return IDENTITY_PREFIXES.some((prefix) => plain.startsWith(prefix)) ? 'identity' : 'pass';
}

/**
 * Header names that `Connection` lists, lower case, which do not pass (RFC 9110 section 7.6.1). A managed name in the list is ignored:
 * `Connection: authorization` must not take a header away that a policy was decided on, nor one that this proxy adds.
 */
export function connectionOptions(value: string): readonly string[] {
  if (value === '' || value === 'keep-alive' || value === 'close') return [];
  return value
    .toLowerCase()
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '' && !PROTECTED.has(token));
}

const PROTECTED: ReadonlySet<string> = new Set([
  'keep-alive',
  'close',
  'upgrade',
  'host',
  'authorization',
  'cookie',
  'content-type',
  'content-encoding',
  'origin',
  'cache-control',
]);
