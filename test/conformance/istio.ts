// Istio rows through the library: one hop at a time, in the order of the data plane: mutual TLS, normalise, CUSTOM, tokens, policy.
import type { Attributes, RequestAuth } from '#model/decision.ts';
import type { MeshConfig } from '#model/istio.ts';
import type { System } from '#model/system.ts';
import { readSystem } from '#ingest/read.ts';
import { normalizeTarget } from '#plan/normalise.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { policiesFor } from '#plan/select.ts';
import { compilePolicies } from '#policy/compile.ts';
import { verifyTokens } from './tokens.ts';

export type Policies = Pick<System, 'mesh' | 'authorizationPolicies' | 'requestAuthentications' | 'peerAuthentications'>;

export interface Hop {
  readonly from: { readonly identity: string | undefined; readonly ip: string };
  readonly to: {
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly ip: string;
    readonly port: number;
    readonly protocol: 'http' | 'tcp';
    readonly sni: string;
  };
  readonly request: {
    readonly method?: string;
    readonly path?: string;
    readonly host?: string;
    readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  };
  /** What a JWKS address serves. */
  readonly served?: Readonly<Record<string, string>>;
  /** Answers for external authorizers. */
  readonly askExternal?: (provider: string, a: Attributes) => boolean;
}

/**
 * Reads a row's documents with the product's own reader.
 * @param documents YAML texts, or parsed objects @param meshConfig the row's settings over Istio's defaults
 * @throws Error when the reader refuses one: such a row cannot be judged
 */
export function policiesOf(documents: readonly unknown[], meshConfig: Readonly<Record<string, unknown>> = {}): Policies {
  const { extensionProviders, ...mesh } = meshConfig;
  const settings = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'istio', namespace: 'istio-system' },
    data: { mesh: JSON.stringify({ extensionProviders: extensionProviders ?? [] }) },
  };
  const sources = [...documents, settings].map((document, index) => ({
    file: `row/${index}.yaml`,
    text: typeof document === 'string' ? document : JSON.stringify(document),
  }));
  const { system, diagnostics } = readSystem(sources, { mesh });
  const error = diagnostics.find(({ severity }) => severity === 'error');
  if (error) throw new Error(`the reader refused the row: ${error.message}`);
  return system;
}

/** What a client at `hop.from` is answered: `allow`, `deny` (403, closed connection), or 400 and 401 as a number. */
export async function decide(policies: Policies, hop: Hop): Promise<'allow' | 'deny' | 400 | 401> {
  const { from, to, request } = hop;
  if (effectiveMtls(policies, to, to.port).mode === 'STRICT' && from.identity === undefined) return 'deny';
  const set = policiesFor(policies, to);
  const authorizer = compilePolicies(set, policies.mesh, { namespace: to.namespace });
  const target = to.protocol === 'http' ? normalizeTarget(request.path ?? '/', policies.mesh.pathNormalization) : undefined;
  if (target?.ok === false) return 400;
  const a = attributes(policies.mesh, hop, target?.path ?? '', undefined);
  const custom = authorizer.custom(a);
  if (custom.kind === 'deny') return 'deny';
  if (custom.kind === 'check' && custom.providers.some((provider) => hop.askExternal?.(provider, a) !== true)) return 'deny';
  let auth: RequestAuth | undefined;
  if (target && set.requestAuthentication.length > 0) {
    const verified = await verifyTokens(set.requestAuthentication, { ...a, query: target.query }, hop.served ?? {});
    if (verified.kind === 'deny') return verified.status === 401 ? 401 : 'deny';
    if (verified.kind === 'ok') auth = verified.auth;
  }
  return authorizer.authorize(attributes(policies.mesh, hop, target?.path ?? '', auth)).allow ? 'allow' : 'deny';
}

function attributes(mesh: MeshConfig, { from, to, request }: Hop, path: string, auth: RequestAuth | undefined): Attributes {
  const headers = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(request.headers ?? {}))
    headers.set(name.toLowerCase(), typeof value === 'string' ? [value] : value);
  const http = to.protocol === 'http';
  const forwarded = headers.get('x-forwarded-for')?.join(',').split(',').at(-1)?.trim();
  return {
    protocol: to.protocol,
    sourceIdentity: from.identity,
    sourceIp: from.ip,
    remoteIp: mesh.numTrustedProxies > 0 && forwarded ? forwarded : from.ip,
    destinationIp: to.ip,
    destinationPort: to.port,
    sni: to.sni,
    method: http ? (request.method ?? 'GET') : '',
    path,
    host: http ? (request.host ?? '') : '',
    header: (name) => headers.get(name)?.join(','),
    headerValues: (name) => headers.get(name) ?? [],
    auth,
  };
}
