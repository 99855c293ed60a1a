import type { Socket } from 'node:net';
import type { DenyCode, Reason } from '#model/decision.ts';
import type { ConnectionInfo } from '#wire/types.ts';
import type { EdgeListener } from './edge.ts';
import type { Runtime } from './runtime.ts';
import type { Service } from './service.ts';

/** What a station may do with the listener that a connection came in on. */
export interface ArrivalSlot {
  serveHttp(arrival: Arrival): void;
  /** Starts TLS; what comes of it goes on by itself. */
  handshake(arrival: Arrival): void;
  /** Starts TLS of one of a gateway's listeners. */
  edgeHandshake(arrival: Arrival, listener: EdgeListener<Service>, serverName: string): void;
  refuse(arrival: Arrival, code: DenyCode, reasons: readonly Reason[]): void;
}

/** A connection that came in, before anything of it is read. */
export class Arrival {
  readonly runtime: Runtime;
  readonly slot: ArrivalSlot;
  /** The configuration of its listener at that moment. */
  readonly service: Service;
  readonly socket: Socket;
  /** What the handshake showed; undefined over plaintext. */
  readonly tls: ConnectionInfo['tls'];
  /** Application protocol that the handshake settled; '' when none. */
  readonly alpn: string;
  /** Server name of a hello that passes through; '' for none. */
  readonly sni: string;
  readonly remoteAddress: string;
  readonly localAddress: string;

  constructor(
    runtime: Runtime,
    slot: ArrivalSlot,
    service: Service,
    socket: Socket,
    tls?: ConnectionInfo['tls'],
    alpn = '',
    sni = tls?.sni ?? '',
  ) {
    this.runtime = runtime;
    this.slot = slot;
    this.service = service;
    this.socket = socket;
    this.tls = tls;
    this.alpn = alpn;
    this.sni = sni;
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.localAddress = plainAddress(socket.localAddress);
  }
}

/** An IPv4 address that came over an IPv6 socket in its own form. */
export function plainAddress(address: string | undefined): string {
  return address === undefined ? '' : address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
