// Would this request be allowed, offline: the whole way of one hop, with the reasons and the smallest change.
import type { Attributes, DenyCode, Reason, RequestAuth, SmallestChange } from '#model/decision.ts';
import type { EffectiveMtlsMode } from '#model/istio.ts';
import type { System } from '#model/system.ts';
import { normalizeTarget } from '#plan/normalise.ts';
import type { NormalizedTarget } from '#plan/normalise.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { policiesFor } from '#plan/select.ts';
import { compilePolicies } from './compile.ts';
import { smallestChange } from './explain.ts';
import { resolveSource, resolveTargets } from './request-ends.ts';
import type { Source, Target } from './request-ends.ts';

export interface RequestQuery {
  /** Workload (`namespace/name` or a name that is unique), gateway, principal, SPIFFE id, or `outside` for a plaintext client. */
  readonly from: string;
  /** Service, workload or gateway: `namespace/name`, a host name of the mesh, or a name that is unique; `:port` may follow. */
  readonly to: string;
  /** Service port for a service, container port for a workload, listener port for a gateway. Default: the only or first one. */
  readonly port?: number;
  /** Default GET. */
  readonly method?: string;
  /** Request target with its query. Default `/`. */
  readonly path?: string;
  /** Default: the service's host, or the gateway's. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The caller speaks without mutual TLS, so it has no identity. */
  readonly plaintext?: boolean;
  /** Facts of a token that is taken as verified. */
  readonly auth?: RequestAuth;
  /** Address of the caller. Default 127.0.0.1. */
  readonly ip?: string;
}

/** The answer of one enforcement point. */
export interface HopDecision {
  /** Workload or gateway id. */
  readonly workload: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
  readonly mtls: { readonly mode: EffectiveMtlsMode; readonly at: string };
  readonly allowed: boolean;
  readonly code?: DenyCode;
  readonly reasons: readonly Reason[];
  readonly shadow: readonly Reason[];
  /** Policy and rule that allowed; '' and -1 when no ALLOW policy is in force. */
  readonly policy: string;
  readonly rule: number;
  /** External authorizers that would have to agree; they are not asked here. */
  readonly external: readonly string[];
  /** Present on a denial. */
  readonly change?: SmallestChange;
}

export type RequestEvaluation =
  | {
      readonly ok: true;
      readonly source: Source;
      /** True when every enforcement point allows. */
      readonly allowed: boolean;
      /** What policy sees and upstream gets; absent on TCP. */
      readonly target?: string;
      /** One a workload: a service may lead to several. */
      readonly hops: readonly HopDecision[];
    }
  | { readonly ok: false; readonly message: string; readonly help?: string };

/**
 * Evaluates one request against the declared system, without a proxy: PeerAuthentication, normalisation, CUSTOM, AUDIT, DENY, ALLOW.
 * Tokens are not verified here; give the facts of one as `auth`.
 * @returns `ok: false` when an end is not known, with the nearest right name
 */
export function evaluateRequest(system: System, query: RequestQuery): RequestEvaluation {
  const source = resolveSource(system, query.from);
  if ('message' in source) return { ok: false, ...source };
  const targets = resolveTargets(system, query.to, query.port, source.namespace);
  if ('message' in targets) return { ok: false, ...targets };
  const caller = query.plaintext ? { ...source, identity: undefined } : source;
  const http = targets.some((target) => target.protocol === 'http');
  const target = http ? normalizeTarget(query.path ?? '/', system.mesh.pathNormalization) : undefined;
  const hops = targets.map((end) => evaluateHop(system, caller, end, query, target));
  const shown = target?.ok ? { target: target.target } : {};
  return { ok: true, source: caller, allowed: hops.every((hop) => hop.allowed), ...shown, hops };
}

function evaluateHop(
  system: System,
  source: Source,
  end: Target,
  query: RequestQuery,
  target: NormalizedTarget | undefined,
): HopDecision {
  const mtls = end.gateway === undefined ? effectiveMtls(system, end, end.port) : ({ mode: 'PERMISSIVE', at: '' } as const);
  const base = {
    workload: end.id,
    port: end.port,
    protocol: end.protocol,
    mtls,
    shadow: [],
    policy: '',
    rule: -1,
    external: [],
  };
  const denied = (code: DenyCode, reasons: readonly Reason[], change?: SmallestChange): HopDecision => ({
    ...base,
    allowed: false,
    code,
    reasons,
    ...(change && { change }),
  });
  if (mtls.mode === 'STRICT' && source.identity === undefined)
    return denied('mtls.required', [strictReason(end, mtls.at)], strictChange(mtls.at));
  if (end.protocol === 'http' && target?.ok === false) return denied('request.invalid', [defaultReason(target.reason)]);
  const a = attributes(source, end, query, mtls.mode, target?.ok && end.protocol === 'http' ? target : undefined);
  const set = policiesFor(system, end);
  const authorizer = compilePolicies(set, system.mesh, end);
  const custom = authorizer.custom(a);
  if (custom.kind === 'deny') return denied('rbac.custom-unavailable', custom.reasons);
  const decision = authorizer.authorize(a);
  const external = custom.kind === 'check' ? custom.providers : [];
  if (decision.allow) {
    return {
      ...base,
      allowed: true,
      reasons: [],
      shadow: decision.shadow,
      policy: decision.policy,
      rule: decision.rule,
      external,
    };
  }
  const change = smallestChange(set, system.mesh, end, a);
  return { ...denied(decision.code, decision.reasons, change), shadow: decision.shadow, external };
}

function attributes(
  source: Source,
  end: Target,
  query: RequestQuery,
  mode: EffectiveMtlsMode,
  target: { readonly path: string; readonly query: string } | undefined,
): Attributes {
  const headers = new Map(
    Object.entries(query.headers ?? {}).map(([name, value]) => [name.toLowerCase(), typeof value === 'string' ? [value] : value]),
  );
  const http = end.protocol === 'http';
  const ip = query.ip ?? '127.0.0.1';
  const host = query.host ?? headers.get('host')?.[0] ?? end.host;
  return {
    protocol: end.protocol,
    // A port with mutual TLS switched off never learns who calls.
    sourceIdentity: mode === 'DISABLE' ? undefined : source.identity,
    sourceIp: ip,
    remoteIp: ip,
    destinationIp: '127.0.0.1',
    destinationPort: end.port,
    sni: '',
    method: http ? (query.method ?? 'GET') : '',
    path: target?.path ?? '',
    query: target?.query ?? '',
    host: http ? host : '',
    header: (name) => headers.get(name)?.join(','),
    headerValues: (name) => headers.get(name) ?? [],
    auth: http ? query.auth : undefined,
  };
}

function defaultReason(text: string): Reason {
  return { policy: '', action: 'DEFAULT', rule: -1, field: '', wanted: [], actual: '', at: '', text };
}

function strictReason(end: Target, at: string): Reason {
  return {
    policy: '',
    action: 'PEER_AUTHENTICATION',
    rule: -1,
    field: 'mtls.mode',
    wanted: ['STRICT'],
    actual: 'plaintext',
    at,
    text: `port ${end.port} of \`${end.id}\` takes mutual TLS only, and the caller speaks plaintext`,
  };
}

function strictChange(at: string): SmallestChange {
  return {
    text: 'give the caller a sidecar, so that it speaks mutual TLS; PERMISSIVE would let anyone in who can reach the port',
    yaml: '',
    at,
  };
}
