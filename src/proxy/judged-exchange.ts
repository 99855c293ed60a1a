import { messageOf } from '#base/errors.ts';
import type { DenyCode, Reason } from '#model/decision.ts';
import type { ConnectionInfo } from '#wire/types.ts';
import { exchangeEvent } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { Flow } from './flows.ts';
import { listenerClosed, mutualTlsRequired } from './reasons.ts';
import type { Service } from './service.ts';

/** An exchange that goes on for as long as its ends like, judged again with every new configuration. */
export abstract class JudgedExchange implements Flow {
  readonly listener: string;
  readonly ownIdentity: string;
  readonly proof: ConnectionInfo['tls'];
  protected readonly x: Exchange;
  protected denied = false;

  constructor(x: Exchange) {
    this.listener = x.service.key;
    this.ownIdentity = x.service.identity;
    this.proof = x.request.connection.tls;
    this.x = x;
  }

  abstract destroy(reason: string): void;
  protected abstract get bytesOut(): number;
  /** The denial is about to be written; from here on the exchange makes no event of its own. @param id of the denial */
  protected abstract refused(id: string): void;

  reconsider(service: Service | undefined): void {
    const { x } = this;
    if (this.denied) return;
    if (service?.protocol !== 'http') return this.deny('config.closed', [listenerClosed()]);
    if (service.mtls === 'STRICT' && x.sourceIdentity === undefined)
      return this.deny('mtls.required', [mutualTlsRequired(service.mtlsAt)]);
    if (x.runtime.ports.policyOff?.(service.workload) === true) return;
    const decision = service.authorizer.authorize(x);
    if (!decision.allow) this.deny(decision.code, decision.reasons);
  }

  deny(code: DenyCode, reasons: readonly Reason[]): void {
    if (this.denied) return;
    const { x } = this;
    this.denied = true;
    x.code = code;
    x.reasons = reasons;
    x.service.counters.denied(code, reasons);
    const event = exchangeEvent(x, x.runtime.nextEventId(), this.bytesOut);
    this.refused(event.id);
    x.runtime.emit
      .emitDurably(event)
      .catch((error: unknown) =>
        x.runtime.log('error', 'a denial could not be written to the journal', { id: event.id, error: messageOf(error) }),
      )
      .finally(() => this.destroy('no longer allowed'))
      .catch(() => {});
  }
}
