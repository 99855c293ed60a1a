// The listeners of a gateway that share one port, told apart by host name: by the server name of a handshake, and again by each request's host.
import { HostMap } from '#plan/host-map.ts';
import type { GatewayListenerPlan, ListenerTls } from '#plan/plan.ts';
import { hostName } from '#plan/route.ts';

/** @typeParam S what is served behind a listener's handshake */
export interface EdgeListener<S> {
  readonly id: string;
  readonly secure: ListenerTls | undefined;
  readonly closed: string | undefined;
  /** What is served behind its handshake: the port's own service for HTTPS, one of its own for TLS. */
  readonly service: S;
  /** Equal texts: handshakes are the same, and a configuration that only changes something else keeps what was made for them. */
  readonly tlsKey: string;
}

export class Edge<S extends { readonly protocol: string }> {
  readonly #listeners = new HostMap<EdgeListener<S>>();

  /** @param listeners of one port, with host names that differ */
  constructor(listeners: readonly { readonly plan: GatewayListenerPlan; readonly service: S }[]) {
    for (const { plan, service } of listeners) {
      const { id, secure, closed, hostname } = plan;
      const tlsKey = JSON.stringify([id, secure, service.protocol]);
      this.#listeners.set(hostname === '' ? '*' : hostname, { id, secure, closed, service, tlsKey });
    }
  }

  /** The listener for a server name; '' is that of a client that sends none. @param serverName as a client wrote it */
  find(serverName: string): EdgeListener<S> | undefined {
    return this.#listeners.find(hostName(serverName));
  }

  *[Symbol.iterator](): Iterator<EdgeListener<S>> {
    yield* this.#listeners.values();
  }

  /**
   * Whether a request came over a connection of another listener than the one that its host belongs to: clients reuse a connection for every name of
   * its certificate (RFC 9113 section 9.1.1), and what one listener demanded of them says nothing about the other.
   */
  misdirected(serverName: string, host: string): boolean {
    if (this.#listeners.size === 1) return false;
    const own = this.find(host);
    return own !== undefined && own !== this.find(serverName);
  }
}
