// The contract of the control API: what each route takes, answers, and which role it demands. The server, the client and the OpenAPI document
// are all made from this table, so none of them can know a route that the others do not.
import { z } from 'zod';
import { diagnostic, event, finding, linkStats, reason } from './values.ts';

export const ROLES = ['viewer', 'operator', 'admin'] as const;
/** Each role may do what the ones before it may. */
export type Role = (typeof ROLES)[number];

const count = z.int().min(0);
const timeMs = z.number().meta({ description: 'milliseconds since 1970-01-01T00:00:00Z' });
const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();

const certificate = z
  .object({ serial: z.string(), notAfterMs: timeMs })
  .readonly()
  .nullable()
  .meta({ description: 'the certificate in use, null before the first' });

export const workloadStatus = z
  .object({
    id: z.string().meta({ description: '`namespace/name`' }),
    identity: z.string(),
    state: z.enum(['starting', 'ready', 'restarting', 'stopped', 'external', 'declared']).meta({
      description: '`external`: runs elsewhere at a given address; `declared`: nothing says how it runs here',
    }),
    pid: z.int().nullable(),
    restarts: count,
    certificate,
    version: z.string().meta({
      description: "declared: label `app.kubernetes.io/version` or `version`, else the image's tag; '' when nothing says one",
    }),
    replicas: list(
      z
        .object({
          id: z.string().meta({ description: "the workload's id for the first, `namespace/name~1` for the next" }),
          state: z.enum(['starting', 'ready', 'restarting', 'stopped', 'external', 'declared']),
          pid: z.int().nullable(),
          restarts: count,
          version: z.string().meta({ description: 'what the manifests called it when it was started' }),
        })
        .readonly(),
    ),
    ports: list(
      z.object({ port: count, protocol: z.enum(['http', 'tcp']), mtls: z.enum(['STRICT', 'PERMISSIVE', 'DISABLE']) }).readonly(),
    ),
  })
  .readonly()
  .meta({ id: 'WorkloadStatus' });
export type WorkloadStatus = z.output<typeof workloadStatus>;

export const workerStatus = z
  .object({
    name: z.string(),
    pid: z.int(),
    connected: z.boolean(),
    snapshotVersion: z.string(),
    trustVersion: count.meta({ description: 'of the roots and revocations that it acknowledged' }),
    rssBytes: z.number(),
    lastReportMs: timeMs,
  })
  .readonly()
  .meta({ id: 'WorkerStatus' });
export type WorkerStatus = z.output<typeof workerStatus>;

export const closedPart = z.object({ what: z.string(), why: z.string(), at: z.string() }).readonly().meta({ id: 'ClosedPart' });

/** Conditions as Gateway API has them. */
export const resourceStatus = z
  .object({
    resource: z.string().meta({ description: '`Gateway shop/edge`, `HTTPRoute shop/web`' }),
    part: z.string().meta({ description: "a listener's name, or a route's parent; '' for a Gateway as a whole" }),
    conditions: list(
      z
        .object({
          type: z.enum(['Accepted', 'Programmed', 'ResolvedRefs', 'Conflicted', 'PartiallyInvalid']),
          status: z.boolean(),
          reason: z.string(),
          message: z.string(),
        })
        .readonly(),
    ),
    at: z.string(),
  })
  .readonly()
  .meta({ id: 'ResourceStatus' });
export const rotationStatus = z
  .object({
    phase: z.enum(['trust', 'renew', 'distrust']).meta({
      description:
        '`trust`: both roots are believed; `renew`: the new CA signs, certificates are replaced; `distrust`: the old root is believed no more',
    }),
    startedMs: timeMs,
    sinceMs: timeMs,
    by: z.string(),
    oldRootFingerprint: z.string(),
    newRootFingerprint: z.string(),
    waiting: list(z.object({ worker: z.string(), why: z.string() }).readonly()),
  })
  .readonly()
  .meta({ id: 'Rotation' });

export const revocation = z
  .object({
    kind: z.enum(['identity', 'serial']),
    subject: z.string().meta({ description: 'SPIFFE id, or serial number in lower-case hex' }),
    reason: z.string(),
    by: z.string(),
    revokedMs: timeMs,
    untilMs: timeMs.nullable().meta({ description: 'when the certificate ends by itself; null: until it is restored' }),
  })
  .readonly()
  .meta({ id: 'Revocation' });

const reasonText = z
  .string()
  .max(500)
  .regex(/^[^\p{Cc}]*$/u);
export const revokeBody = z.strictObject({
  kind: z.enum(['identity', 'serial']),
  subject: z.string().min(1).max(2048),
  reason: reasonText.default(''),
});
export const restoreBody = z.strictObject({ identity: z.string().min(1).max(2048) });
export const revocationResponse = z
  .object({
    kind: z.enum(['identity', 'serial']),
    subject: z.string(),
    changed: z.boolean().meta({ description: 'false when it was so already' }),
    waiting: list(z.string()).meta({
      description: 'workers that have not said in 5 s that it holds; they get it when they are back',
    }),
  })
  .readonly();
export type RevocationResponse = z.output<typeof revocationResponse>;
export const renewBody = z.strictObject({
  identity: z.string().max(2048).default('').meta({ description: "'' for all" }),
});
export const renewResponse = z
  .object({
    renewed: list(z.object({ identity: z.string(), worker: z.string(), serial: z.string(), notAfterMs: timeMs }).readonly()),
    waiting: list(z.string()).meta({ description: 'identities whose certificate was not replaced in 8 s' }),
  })
  .readonly();
export type RenewResponse = z.output<typeof renewResponse>;
export const rotateResponse = z.object({ rotation: rotationStatus.nullable() }).readonly();

export const statusResponse = z
  .object({
    version: z.string(),
    uptimeMs: z.number(),
    timeMs,
    isolation: z.enum(['none', 'namespaces']),
    ready: z.boolean().meta({ description: 'every worker runs the snapshot in force' }),
    snapshotVersion: z.string().meta({ description: "'' before the first" }),
    appliedMs: timeMs.nullable(),
    /** Why the last offered configuration was not taken; the one before it stays in force. */
    rejected: z.object({ version: z.string(), reason: z.string(), timeMs }).readonly().nullable(),
    mesh: z
      .object({ trustDomain: z.string(), rootNamespace: z.string(), clusterDomain: z.string(), pathNormalization: z.string() })
      .readonly(),
    authority: z
      .object({
        rootFingerprint: z.string(),
        rootNotAfterMs: timeMs,
        issuingSerial: z.string(),
        issuingNotAfterMs: timeMs,
        issued: count,
      })
      .readonly()
      .nullable(),
    rotation: rotationStatus.nullable().meta({ description: 'the rotation of the root that is under way' }),
    revoked: list(revocation).meta({ description: 'identities and certificates that are believed no more' }),
    workloads: list(workloadStatus),
    links: list(linkStats),
    gateways: list(z.object({ id: z.string(), url: z.string() }).readonly()),
    drift: list(
      z
        .object({
          service: z.string(),
          detail: z.string(),
          copies: list(z.object({ replica: z.string(), declared: z.string(), running: z.string() }).readonly()),
        })
        .readonly(),
    ).meta({ description: 'services whose copies run another version than declared, or than each other' }),
    findings: list(finding),
    diagnostics: list(diagnostic),
    resources: list(resourceStatus).meta({ description: 'what became of Gateways, their listeners and routes' }),
    closed: list(closedPart).meta({ description: 'what could not be honoured and so answers 503 or 403' }),
    workers: list(workerStatus),
    totals: z.object({ requests: count, denied: count, failed: count }).readonly(),
  })
  .readonly()
  .meta({ id: 'Status' });
export type StatusResponse = z.output<typeof statusResponse>;

export const serviceStatus = z
  .object({
    id: z.string(),
    host: z.string(),
    ports: list(z.object({ name: z.string(), port: count, protocol: z.string() }).readonly()),
    workloads: list(z.string()),
  })
  .readonly()
  .meta({ id: 'ServiceStatus' });
export const servicesResponse = z.object({ services: list(serviceStatus) }).readonly();
export type ServicesResponse = z.output<typeof servicesResponse>;

export const identityStatus = z
  .object({
    identity: z.string(),
    workloads: list(z.string()),
    certificate,
    issuedMs: timeMs.nullable(),
    worker: z.string().meta({ description: "worker that holds the key, '' before the first certificate" }),
  })
  .readonly()
  .meta({ id: 'IdentityStatus' });
export const identitiesResponse = z.object({ identities: list(identityStatus), rootPem: list(z.string()) }).readonly();
export type IdentitiesResponse = z.output<typeof identitiesResponse>;

export const linksResponse = z.object({ links: list(linkStats) }).readonly();
export type LinksResponse = z.output<typeof linksResponse>;

export const EVENT_LIMIT_MAX = 1000;
export const eventsQuery = z.strictObject({
  type: z
    .enum(['exchange', 'egress', 'name', 'certificate', 'link', 'config', 'process', 'audit', 'gap', 'endpoint'])
    .exactOptional(),
  allowed: z.enum(['true', 'false']).exactOptional().meta({ description: '`false`: denials only' }),
  workload: z.string().max(256).exactOptional().meta({ description: 'own side or destination of an exchange' }),
  fromMs: z.coerce.number().min(0).exactOptional(),
  limit: z.coerce.number().int().min(1).max(EVENT_LIMIT_MAX).default(100),
});
export type EventsQuery = z.output<typeof eventsQuery>;
export const eventsResponse = z
  .object({
    events: list(event),
    complete: z.boolean().meta({ description: 'false when the journal was not searched to its start' }),
  })
  .readonly();
export type EventsResponse = z.output<typeof eventsResponse>;

export const explainResponse = z
  .object({
    event,
    summary: z.string().meta({ description: 'one sentence for people' }),
    reasons: list(reason),
    change: z
      .object({ text: z.string(), yaml: z.string(), at: z.string() })
      .readonly()
      .nullable()
      .meta({ description: 'the smallest change of the policies that would have allowed it' }),
    related: list(event).meta({ description: 'other events of the same request' }),
  })
  .readonly()
  .meta({ id: 'Explanation' });
export type ExplainResponse = z.output<typeof explainResponse>;

export const findingsResponse = z.object({ findings: list(finding), diagnostics: list(diagnostic) }).readonly();
export type FindingsResponse = z.output<typeof findingsResponse>;

export const reloadResponse = z
  .object({ applied: z.boolean(), version: z.string(), reason: z.string(), diagnostics: list(diagnostic) })
  .readonly();
export type ReloadResponse = z.output<typeof reloadResponse>;

const operatorName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/)
  .meta({ description: 'lower-case letters, digits, `.`, `_`, `-`' });
export const operatorStatus = z
  .object({ name: operatorName, role: z.enum(ROLES), createdMs: timeMs, lastUsedMs: timeMs.nullable() })
  .readonly()
  .meta({ id: 'Operator' });
export type OperatorStatus = z.output<typeof operatorStatus>;
export const operatorsResponse = z.object({ operators: list(operatorStatus) }).readonly();
export type OperatorsResponse = z.output<typeof operatorsResponse>;
export const createOperatorBody = z.strictObject({ name: operatorName, role: z.enum(ROLES) });
export const createOperatorResponse = z
  .object({
    name: operatorName,
    role: z.enum(ROLES),
    token: z.string().meta({ description: 'shown this once; only a keyed hash is kept' }),
  })
  .readonly();
export type CreateOperatorResponse = z.output<typeof createOperatorResponse>;
export const deleteOperatorResponse = z.object({ name: operatorName }).readonly();

/** RFC 9457. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().exactOptional(),
    /** Found again in the operational log. */
    instance: z.string().exactOptional(),
  })
  .readonly()
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof problem>;

export interface RouteSpec {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `{name}` stands for one path segment. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
  /** `text/event-stream` answers a stream of `response`. */
  readonly stream?: boolean;
}

export const ROUTES = {
  status: { method: 'GET', path: '/api/v1/status', role: 'viewer', summary: 'what runs, and how', response: statusResponse },
  services: {
    method: 'GET',
    path: '/api/v1/services',
    role: 'viewer',
    summary: 'services and their workloads',
    response: servicesResponse,
  },
  identities: {
    method: 'GET',
    path: '/api/v1/identities',
    role: 'viewer',
    summary: 'identities, certificates and the trust root',
    response: identitiesResponse,
  },
  links: {
    method: 'GET',
    path: '/api/v1/links',
    role: 'viewer',
    summary: 'who calls whom, how often, how it went',
    response: linksResponse,
  },
  events: {
    method: 'GET',
    path: '/api/v1/events',
    role: 'viewer',
    summary: 'the journal, newest first',
    query: eventsQuery,
    response: eventsResponse,
  },
  decision: {
    method: 'GET',
    path: '/api/v1/decisions/{id}',
    role: 'viewer',
    summary: 'why a request was allowed or refused',
    response: explainResponse,
  },
  findings: {
    method: 'GET',
    path: '/api/v1/findings',
    role: 'viewer',
    summary: 'mistakes and weaknesses in the manifests',
    response: findingsResponse,
  },
  live: {
    method: 'GET',
    path: '/api/v1/live',
    role: 'viewer',
    summary: 'the status again each second, when it changed',
    response: statusResponse,
    stream: true,
  },
  openapi: {
    method: 'GET',
    path: '/api/v1/openapi.json',
    role: 'viewer',
    summary: 'this contract as OpenAPI 3.1',
    response: z.looseObject({}),
  },
  reload: {
    method: 'POST',
    path: '/api/v1/reload',
    role: 'operator',
    summary: 'read the manifests again now',
    response: reloadResponse,
  },
  rotateCa: {
    method: 'POST',
    path: '/api/v1/ca/rotate',
    role: 'admin',
    summary: 'replace the root in three phases',
    response: rotateResponse,
  },
  renewCertificates: {
    method: 'POST',
    path: '/api/v1/ca/renew',
    role: 'operator',
    summary: 'replace certificates now, with new keys',
    body: renewBody,
    response: renewResponse,
  },
  revoke: {
    method: 'POST',
    path: '/api/v1/identities/revoke',
    role: 'operator',
    summary: 'believe an identity or a certificate no more, on open connections too',
    body: revokeBody,
    response: revocationResponse,
  },
  restore: {
    method: 'POST',
    path: '/api/v1/identities/restore',
    role: 'admin',
    summary: 'let a revoked identity have certificates again',
    body: restoreBody,
    response: revocationResponse,
  },
  operators: {
    method: 'GET',
    path: '/api/v1/operators',
    role: 'admin',
    summary: 'people and programs with a token',
    response: operatorsResponse,
  },
  createOperator: {
    method: 'POST',
    path: '/api/v1/operators',
    role: 'admin',
    summary: 'make a token',
    body: createOperatorBody,
    response: createOperatorResponse,
  },
  deleteOperator: {
    method: 'DELETE',
    path: '/api/v1/operators/{name}',
    role: 'admin',
    summary: 'end a token',
    response: deleteOperatorResponse,
  },
} as const satisfies Readonly<Record<string, RouteSpec>>;

export type RouteName = keyof typeof ROUTES;
/** What a route answers. */
export type ResponseOf<N extends RouteName> = z.output<(typeof ROUTES)[N]['response']>;

/** Whether somebody with role `have` may do what demands `need`. An unknown role may nothing. */
export function roleAllows(have: string, need: Role): boolean {
  const rank = ROLES.indexOf(have as Role);
  return rank >= 0 && rank >= ROLES.indexOf(need);
}
