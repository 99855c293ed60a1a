// A WebSocket after its handshake: bytes both ways, judged again with every new configuration.
import type { Socket } from 'node:net';
import type { DenyCode, Reason } from '#model/decision.ts';
import { type Splice, splice } from '#wire/tcp.ts';
import type { ConnectionInfo } from '#wire/types.ts';
import { countExchange, exchangeEvent } from './events.ts';
import { boundOutbound } from './egress/outbound-stream.ts';
import type { Exchange } from './exchange.ts';
import type { Flow } from './flows.ts';
import { judgeAgain, sayForbidden } from './judge-again.ts';
import type { Service } from './service.ts';

/** As long as Envoy keeps a silent TCP connection. */
export const FLOW_IDLE_MS = 3_600_000;

/** Answers 101 and joins both sides. @param head bytes that the upstream sent behind its own 101 @param headers of the 101, names and values in turn */
export function joinTunnel(x: Exchange, upstream: Socket, head: Buffer, headers: readonly string[]): void {
  const client = x.responder.upgrade(headers);
  if (client.head.length > 0) upstream.write(client.head);
  if (head.length > 0) client.socket.write(head);
  const tunnel = new Tunnel(x);
  x.runtime.flows.add(tunnel);
  tunnel.splice = splice(client.socket, upstream, {
    timers: x.runtime.timers,
    idleTimeoutMs: FLOW_IDLE_MS,
    endsWithB: true,
    ...(x.tunnelOut && {
      outbound: boundOutbound(x.runtime, x.tunnelOut.way, x.tunnelOut.caller, ({ code, reasons }) => tunnel.deny(code, reasons)),
    }),
    onClose: (result) => tunnel.closed(result.bytesAToB, result.bytesBToA),
  });
}

class Tunnel implements Flow {
  readonly listener: string;
  readonly ownIdentity: string;
  readonly proof: ConnectionInfo['tls'];
  splice: Splice | undefined;
  readonly #x: Exchange;
  #denied = false;

  constructor(x: Exchange) {
    this.listener = x.service.key;
    this.ownIdentity = x.service.identity;
    this.proof = x.request.connection.tls;
    this.#x = x;
  }

  reconsider(service: Service | undefined): void {
    const refusal = this.#denied ? undefined : judgeAgain(this.#x, service);
    if (refusal) this.deny(refusal.code, refusal.reasons);
  }

  destroy(reason: string): void {
    this.splice?.destroy(reason);
  }

  closed(bytesIn: number, bytesOut: number): void {
    const x = this.#x;
    x.runtime.flows.delete(this);
    x.bytesIn += bytesIn;
    if (!this.#denied) x.runtime.emit.emit(exchangeEvent(x, x.runtime.nextEventId(), bytesOut));
    countExchange(x, bytesOut);
  }

  deny(code: DenyCode, reasons: readonly Reason[]): void {
    if (this.#denied) return;
    this.#denied = true;
    sayForbidden(this.#x, code, reasons, this.splice?.bytesBToA ?? 0, () => this.destroy('no longer allowed'));
  }
}
