// What outlives its decision is decided again with every new configuration: WebSockets, and answers that have no known end.
import { messageOf } from '#base/errors.ts';
import type { DenyCode, Reason } from '#model/decision.ts';
import { exchangeEvent } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { Flow } from './flows.ts';
import { listenerClosed, mutualTlsRequired } from './reasons.ts';
import type { Service } from './service.ts';

/** @param service undefined when the listener is gone @returns why the request would not be let through now; undefined when it would */
export function judgeAgain(
  x: Exchange,
  service: Service | undefined,
): { readonly code: DenyCode; readonly reasons: readonly Reason[] } | undefined {
  if (service?.protocol !== 'http') return { code: 'config.closed', reasons: [listenerClosed()] };
  if (service.mtls === 'STRICT' && x.sourceIdentity === undefined)
    return { code: 'mtls.required', reasons: [mutualTlsRequired(service.mtlsAt)] };
  if (x.runtime.ports.policyOff?.(service.workload) === true) return undefined;
  const decision = service.authorizer.authorize(x);
  return decision.allow ? undefined : decision;
}

/** Writes down that a request which was allowed is so no more, then calls `end` with the id of that event, also when the journal fails. */
export function sayForbidden(
  x: Exchange,
  code: DenyCode,
  reasons: readonly Reason[],
  bytesOut: number,
  end: (id: string) => void,
): void {
  x.code = code;
  x.reasons = reasons;
  x.service.counters.denied(code, reasons);
  const event = exchangeEvent(x, x.runtime.nextEventId(), bytesOut);
  x.runtime.emit
    .emitDurably(event)
    .catch((error: unknown) =>
      x.runtime.log('error', 'a denial could not be written to the journal', { id: event.id, error: messageOf(error) }),
    )
    .finally(() => end(event.id))
    .catch(() => {});
}

/** Who brings an answer, and can break it off. */
export interface Answering {
  /** @param decision id of the denial, '' when there is none */
  forbid(decision: string): void;
}

/**
 * An answer of unknown length while it runs: server-sent events, gRPC streams, downloads in chunks. Its connection is watched for the peer's certificate, so
 * here only the policy is asked.
 */
export class AnswerFlow implements Flow {
  readonly listener: string;
  readonly ownIdentity = '';
  readonly proof = undefined;
  readonly #x: Exchange;
  readonly #answering: Answering;
  #denied = false;

  constructor(x: Exchange, answering: Answering) {
    this.listener = x.service.key;
    this.#x = x;
    this.#answering = answering;
    x.runtime.flows.add(this);
  }

  over(): void {
    this.#x.runtime.flows.delete(this);
  }

  reconsider(service: Service | undefined): void {
    const refusal = judgeAgain(this.#x, service);
    if (refusal) this.deny(refusal.code, refusal.reasons);
  }

  deny(code: DenyCode, reasons: readonly Reason[]): void {
    if (this.#denied) return;
    this.#denied = true;
    sayForbidden(this.#x, code, reasons, this.#x.responder.bytesOut, (id) => this.#answering.forbid(id));
  }

  destroy(): void {
    this.#answering.forbid('');
  }
}
