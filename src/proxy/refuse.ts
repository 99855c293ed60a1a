// The one place where a refusal becomes an answer: the caller learns a status and an opaque id, the journal learns why.
import { STATUS_CODES } from 'node:http';
import { messageOf } from '#base/errors.ts';
import type { DenyCode, Reason } from '#model/decision.ts';
import { countExchange, exchangeEvent } from './events.ts';
import type { Exchange } from './exchange.ts';
import { grpcMessage, grpcStatusOf, isGrpc } from './grpc.ts';
import { securityHeadersFor, speaksForBrowsers } from './security-headers.ts';
import type { Step } from './stages/step.ts';

export interface Refusal {
  readonly status: number;
  readonly code: DenyCode;
  readonly reasons: readonly Reason[];
  /** Names and values in turn, added to the answer. */
  readonly headers?: readonly string[];
  /** Instead of the usual text: what an external authorizer wants the caller to read. */
  readonly body?: Buffer;
  /** The connection ends with the answer. */
  readonly close?: boolean;
  /** What a gRPC caller is told when its status says more than the HTTP status does. */
  readonly grpcStatus?: number;
}

/** Decisions of policy, which are on disk before the caller hears of them. The others are conditions that a stranger can cause at will. */
const DURABLE: ReadonlySet<DenyCode> = new Set<DenyCode>([
  'rbac.denied',
  'rbac.no-allow-match',
  'rbac.custom-denied',
  'rbac.custom-unavailable',
  'jwt.invalid',
  'jwt.audience',
  'mtls.required',
  'mtls.identity',
  'listener.foreign',
  'egress.host',
  'egress.limit',
  'egress.content',
]);

const GRPC_MESSAGE_CHARS_MAX = 1024;
/** What stands in the answer of a refused gRPC call anyway. */
const GRPC_OWN: ReadonlySet<string> = new Set(['content-type', 'content-encoding', 'grpc-status', 'grpc-message']);

/** Answers a request that does not go on. When the journal fails the request is refused all the same. */
export function refuse(x: Exchange, refusal: Refusal): Step | Promise<Step> {
  if (x.answered) return 'done';
  x.answered = true;
  // A gRPC client looks at its own status, and at HTTP's only where that is missing; 200 says that there is one.
  const grpc = isGrpc(x.request.headers.get('content-type'));
  if (grpc) x.grpcStatus = refusal.grpcStatus ?? grpcStatusOf(refusal.status);
  x.status = grpc ? 200 : refusal.status;
  x.code = refusal.code;
  x.reasons = refusal.reasons;
  const { runtime, service } = x;
  const id = runtime.nextEventId();
  const event = exchangeEvent(x, id, 0);
  if (refusal.code !== 'upstream.failed') service.counters.denied(refusal.code, refusal.reasons);
  if (!DURABLE.has(refusal.code)) {
    runtime.emit.emit(event);
    answer(x, refusal, id);
    return 'done';
  }
  return runtime.emit
    .emitDurably(event)
    .catch((error: unknown) =>
      runtime.log('error', 'a denial could not be written to the journal', { id, error: messageOf(error) }),
    )
    .then((): Step => {
      answer(x, refusal, id);
      return 'done';
    });
}

function answer(x: Exchange, refusal: Refusal, id: string): void {
  const { responder } = x;
  const count = (): void => countExchange(x, responder.bytesOut);
  responder.observer = { answerSent: count, answerLost: count };
  if (x.grpcStatus >= 0) {
    answerGrpc(x, refusal, id);
    return;
  }
  const plain = refusal.body !== undefined || refusal.code.startsWith('rbac.');
  const headers = [
    ...(refusal.headers ?? []),
    ...(refusal.body === undefined ? ['content-type', plain ? 'text/plain' : 'application/problem+json'] : []),
    'x-cullis-decision-id',
    id,
  ];
  if (speaksForBrowsers(x)) headers.push(...securityHeadersFor(headers, refusal.body === undefined));
  const body = refusal.body ?? (plain ? 'RBAC: access denied' : problem(refusal.status, id));
  responder.send(refusal.status, headers, body, refusal.close ?? false);
}

/** An answer of trailers only (grpc/grpc, doc/PROTOCOL-HTTP2.md, Responses). */
function answerGrpc(x: Exchange, refusal: Refusal, id: string): void {
  const message =
    refusal.body?.toString('utf8').slice(0, GRPC_MESSAGE_CHARS_MAX) ??
    (refusal.code.startsWith('rbac.') ? 'RBAC: access denied' : (STATUS_CODES[refusal.status] ?? 'Error'));
  const own = refusal.headers ?? [];
  const headers = own.flatMap((text, i) =>
    i % 2 === 0 && !GRPC_OWN.has(text.toLowerCase()) ? [text.toLowerCase(), own[i + 1]!] : [],
  );
  headers.push('content-type', 'application/grpc', 'grpc-status', String(x.grpcStatus));
  headers.push('grpc-message', grpcMessage(message), 'x-cullis-decision-id', id);
  x.responder.send(200, headers, '', refusal.close ?? false);
}

/** RFC 9457; `instance` is the id to ask for. */
function problem(status: number, id: string): string {
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, instance: id });
}
