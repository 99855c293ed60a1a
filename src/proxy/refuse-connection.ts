import { messageOf } from '#base/errors.ts';
import type { DenyCode, Reason } from '#model/decision.ts';
import type { ExchangeEvent } from '#model/event.ts';
import type { ConnectionInfo } from '#wire/types.ts';
import { reason } from './reasons.ts';
import type { Runtime } from './runtime.ts';
import type { Service } from './service.ts';

/** Refusals waiting to be on disk; beyond it they are written without waiting, so that a flood of them costs no memory. */
const WAITING_MAX = 1024;

export class ConnectionRefusals {
  #waiting = 0;

  /**
   * A connection that ends before a request or a stream began: writes why, counts it, then calls `end`.
   * @param end cuts the connection; it is cut also when the journal fails @param tls what a handshake had shown, when there was one
   */
  refuse(
    runtime: Runtime,
    service: Service,
    remoteIp: string,
    code: DenyCode,
    reasons: readonly Reason[],
    end: () => void,
    tls?: ConnectionInfo['tls'],
  ): void {
    service.counters.denied(code, reasons);
    const link = service.counters.link(tls?.peerIdentity ?? '');
    if (link) {
      link.deny(code);
      link.lastMs = runtime.clock.nowMs();
    }
    const event = connectionEvent(runtime, service, remoteIp, code, reasons, tls);
    if (this.#waiting >= WAITING_MAX) {
      runtime.emit.emit(event);
      end();
      return;
    }
    this.#waiting++;
    runtime.emit
      .emitDurably(event)
      .catch((error: unknown) =>
        runtime.log('error', 'a denial could not be written to the journal', { id: event.id, error: messageOf(error) }),
      )
      .finally(() => {
        this.#waiting--;
        end();
      })
      .catch(() => {});
  }
}

/** Event of a message that broke a rule of HTTP, which the codec answered. @returns its id, the reference that the caller gets */
export function emitInvalid(
  runtime: Runtime,
  service: Service,
  sourceIp: string,
  source: string,
  status: number,
  text: string,
): string {
  const reasons = [reason('DEFAULT', 'message', [], '', '', text)];
  const event = {
    ...connectionEvent(runtime, service, sourceIp, 'request.invalid', reasons),
    status,
    source,
    mtls: source !== '',
  };
  runtime.emit.emit(event);
  return event.id;
}

function connectionEvent(
  runtime: Runtime,
  service: Service,
  sourceIp: string,
  code: DenyCode,
  reasons: readonly Reason[],
  tls?: ConnectionInfo['tls'],
): ExchangeEvent {
  return {
    type: 'exchange',
    id: runtime.nextEventId(),
    timeMs: runtime.clock.nowMs(),
    node: runtime.node,
    role: service.role,
    protocol: service.protocol,
    workload: service.workload,
    source: tls?.peerIdentity ?? '',
    sourceIp,
    destination: service.destinationName,
    destinationPort: service.port,
    method: '',
    host: '',
    path: '',
    status: 0,
    allowed: false,
    code,
    reasons,
    mtls: tls !== undefined && tls.peerIdentity !== '',
    tlsProtocol: tls?.protocol ?? '',
    requestId: '',
    traceId: '',
    sessionId: '',
    durationMs: 0,
    bytesIn: 0,
    bytesOut: 0,
    upstreamMs: 0,
  };
}
