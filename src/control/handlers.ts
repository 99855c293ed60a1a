// One function a route of the control API. The admin server has checked token, role, query and body before any of them runs.
import type {
  EventsQuery,
  ExplainResponse,
  IdentitiesResponse,
  ReloadResponse,
  ResponseOf,
  RouteName,
  StatusResponse,
} from '#api/control.ts';
import { openApiDocument } from '#api/openapi.ts';
import { CullisError } from '#base/errors.ts';
import type { Event } from '#model/event.ts';
import { readJournal } from '#telemetry/journal.ts';
import type { Answer, Call, Handlers } from './admin.ts';
import { loose } from './explanation.ts';
import type { Operators } from './operators.ts';
import type { Issued } from './ca.ts';
import type { RevokeRequest } from './trust.ts';
import { buildIdentities, buildServices, type StatusSources } from './status.ts';
import type { TrustActions } from './trust-actions.ts';

/** Journal lines that one query may look at per process; beyond it the answer says that it is not complete. */
const QUERY_LINES_MAX = 300_000;

export interface HandlerPorts {
  readonly version: string;
  readonly journalDir: string;
  readonly operators: Operators;
  sources(): StatusSources;
  status(): StatusResponse;
  latest(identity: string): Issued | undefined;
  rootPem(): IdentitiesResponse['rootPem'];
  readonly trust: TrustActions;
  explain(id: string): Promise<ExplainResponse | undefined>;
  reload(): Promise<ReloadResponse>;
}

export function makeHandlers(ports: HandlerPorts): Handlers {
  const { operators } = ports;
  return {
    status: () => answer<'status'>(ports.status()),
    services: () => answer<'services'>(buildServices(ports.sources().inForce?.system)),
    identities: () =>
      answer<'identities'>(buildIdentities(ports.sources(), (identity) => ports.latest(identity), ports.rootPem())),
    links: () => answer<'links'>({ links: ports.sources().links }),
    events: async ({ query }) => answer<'events'>(await queryEvents(ports.journalDir, query as EventsQuery)),
    decision: async ({ params }) => {
      const explained = await ports.explain(params['id'] ?? '');
      return explained
        ? answer<'decision'>(explained)
        : { problem: 'not-found', detail: 'no event with this id is in the journal' };
    },
    findings: () => {
      const { findings, diagnostics } = ports.sources();
      return answer<'findings'>({ findings, diagnostics });
    },
    openapi: () => answer<'openapi'>(openApiDocument(ports.version) as Record<string, unknown>),
    reload: async (call) => {
      await audit(operators, call, 'reload', 'configuration');
      return answer<'reload'>(await ports.reload());
    },
    rotateCa: async (call) => {
      await audit(operators, call, 'ca.rotate', '');
      return orConflict(async () => answer<'rotateCa'>({ rotation: await ports.trust.rotate(call.operator.name) }));
    },
    renewCertificates: async (call) => {
      const { identity } = call.body as { readonly identity: string };
      await audit(operators, call, 'ca.renew', identity);
      return answer<'renewCertificates'>(await ports.trust.renew(identity));
    },
    revoke: async (call) => {
      const { kind, subject, reason } = call.body as Pick<RevokeRequest, 'kind' | 'subject' | 'reason'>;
      await audit(operators, call, 'identity.revoke', subject);
      return orConflict(async () =>
        answer<'revoke'>(await ports.trust.revoke({ kind, subject, reason, by: call.operator.name })),
      );
    },
    restore: async (call) => {
      const { identity } = call.body as { readonly identity: string };
      await audit(operators, call, 'identity.restore', identity);
      return answer<'restore'>(await ports.trust.restore(identity, call.operator.name));
    },
    operators: () => answer<'operators'>({ operators: operators.list() }),
    createOperator: async ({ operator, body }) => {
      const { name, role } = body as Pick<ResponseOf<'createOperator'>, 'name' | 'role'>;
      try {
        const token = await operators.create(name, role, operator.name, operator.role);
        return answer<'createOperator'>({ name, role, token });
      } catch (error) {
        if (error instanceof CullisError && error.code === 'config.invalid')
          return { problem: 'conflict', detail: error.message };
        throw error;
      }
    },
    deleteOperator: async ({ operator, params }) => {
      const name = params['name'] ?? '';
      if (name === operator.name) return { problem: 'conflict', detail: 'a token cannot end itself' };
      if (await operators.remove(name, operator.name, operator.role)) return answer<'deleteOperator'>({ name });
      return { problem: 'not-found', detail: `there is no operator \`${name.slice(0, 64)}\`` };
    },
  };
}

function answer<N extends RouteName>(value: ResponseOf<N>): Answer {
  return { value };
}

/** What cannot be done as things are is no failure of the API. */
async function orConflict(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CullisError && (error.code === 'config.invalid' || error.code === 'ca.refused'))
      return { problem: 'conflict', detail: error.message };
    throw error;
  }
}

function audit(operators: Operators, { operator }: Call, action: string, target: string): Promise<void> {
  return operators.audit({ operator: operator.name, role: operator.role, action, target, allowed: true });
}

/** Newest first. One more than asked for is not looked for: `complete` is about the search, not about the limit. */
async function queryEvents(journalDir: string, query: EventsQuery): Promise<ResponseOf<'events'>> {
  const { type, allowed, workload, fromMs, limit } = query;
  const wanted = (event: Event): boolean => {
    if (type !== undefined && event.type !== type) return false;
    if (allowed !== undefined && (!('allowed' in event) || event.allowed !== (allowed === 'true'))) return false;
    if (workload === undefined) return true;
    if (event.type === 'egress' || event.type === 'name') return event.workload === workload;
    return event.type === 'exchange' && (event.workload === workload || event.destination === workload);
  };
  const contains = allowed === undefined ? (type === undefined ? undefined : `"type":"${type}"`) : `"allowed":${allowed}`;
  let cut = false;
  const events: ResponseOf<'events'>['events'][number][] = [];
  const found = readJournal(journalDir, {
    reverse: true,
    limit,
    filter: wanted,
    linesMax: QUERY_LINES_MAX,
    onCut: () => {
      cut = true;
    },
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(contains === undefined ? {} : { contains }),
  });
  for await (const event of found) events.push(loose(event));
  return { events, complete: !cut };
}
