// The data plane of one node: gateway and sidecars of one snapshot, swapped whole by the next.
import { KeySources } from '#authn/jwks.ts';
import { messageOf } from '#base/errors.ts';
import type { ConfigEvent } from '#model/event.ts';
import type { WorkerReport } from '#model/snapshot.ts';
import { compileConfig } from './config.ts';
import type { Config } from './service.ts';
import { Slot } from './listeners.ts';
import type { Proxy, ProxyPorts, Snapshot } from './ports.ts';
import { ConnectionRefusals } from './refuse-connection.ts';
import { Runtime } from './runtime.ts';

export type { Proxy, ProxyPorts, Snapshot } from './ports.ts';

const TICK_MS = 250;

/**
 * A proxy that serves nothing until its first snapshot.
 * @example const proxy = createProxy(ports); await proxy.apply(snapshot); … await proxy.drain(5000);
 */
export function createProxy(ports: ProxyPorts): Proxy {
  return new ProxyWorker(ports);
}

class ProxyWorker implements Proxy {
  readonly #ports: ProxyPorts;
  readonly #runtime: Runtime;
  readonly #keys: KeySources;
  readonly #refusals = new ConnectionRefusals();
  readonly #slots = new Map<string, Slot>();
  readonly #tick: NodeJS.Timeout;
  #config: Config | undefined;
  #expiresAtMs = Infinity;
  #expired = false;
  #closing = false;
  /** Snapshots are taken one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(ports: ProxyPorts) {
    this.#ports = ports;
    this.#runtime = new Runtime(ports, () => this.#leaseHolds());
    this.#keys = new KeySources({ fetch: ports.fetch, clock: ports.clock });
    const { identities, upstreams } = this.#runtime;
    identities.onRenewed = (identity) => {
      for (const slot of this.#slots.values()) slot.renew(identity);
      upstreams.renew(identity);
    };
    this.#tick = setInterval(() => this.#everyTick(), TICK_MS);
    this.#tick.unref();
  }

  apply(snapshot: Snapshot): ReturnType<Proxy['apply']> {
    const applied = this.#queue.then(() => this.#apply(snapshot));
    this.#queue = applied;
    return applied;
  }

  async #apply(snapshot: Snapshot): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }> {
    const opened: Slot[] = [];
    try {
      if (this.#closing) throw new Error('the proxy is being closed');
      const config = compileConfig(snapshot, this.#runtime, this.#keys);
      await this.#runtime.identities.ensure(config.identities, config.bundle);
      const fresh = [...config.services.values()].filter(({ key }) => !this.#slots.has(key));
      await Promise.all(
        fresh.map(async (service) => {
          const slot = new Slot(this.#runtime, this.#refusals, service);
          await slot.open();
          opened.push(slot);
        }),
      );
      this.#swap(config, opened, snapshot.expiresAtMs);
      this.#say('applied', snapshot.version, `${config.services.size} listeners`);
      return { ok: true };
    } catch (error) {
      const reason = messageOf(error);
      await Promise.allSettled(opened.map((slot) => slot.close()));
      for (const slot of opened) slot.destroy();
      this.#forgetUnused();
      this.#say('rejected', snapshot.version, reason);
      return { ok: false, reason };
    }
  }

  /** From here on everything new is served by `config`. Nothing in here waits, so no request sees half of it. */
  #swap(config: Config, opened: readonly Slot[], expiresAtMs: number): void {
    const { identities, flows, upstreams } = this.#runtime;
    const before = this.#config;
    const otherRoots = before !== undefined && JSON.stringify(before.bundle) !== JSON.stringify(config.bundle);
    this.#config = config;
    identities.trust(config.bundle, config.trustDomains);
    for (const [key, slot] of this.#slots) {
      const service = config.services.get(key);
      if (service) slot.swap(service);
      else {
        this.#slots.delete(key);
        void slot.close();
      }
    }
    for (const slot of opened) this.#slots.set(slot.key, slot);
    this.lease(expiresAtMs);
    for (const slot of opened) slot.start();
    this.#forgetUnused();
    if (otherRoots) {
      // What the old roots vouched for is asked again.
      upstreams.renew();
      for (const slot of this.#slots.values()) slot.refreshConnections();
    }
    flows.reconsider((key) => config.services.get(key));
    // So that no request waits for keys; failures are the request's to meet.
    for (const { authenticator } of config.services.values()) void authenticator?.warm();
  }

  lease(expiresAtMs: number): void {
    this.#expiresAtMs = expiresAtMs;
    this.#checkLease();
  }

  report(): WorkerReport {
    return {
      name: this.#ports.node,
      pid: process.pid,
      rssBytes: process.memoryUsage.rss(),
      snapshotVersion: this.#config?.version ?? '',
      certificates: this.#runtime.identities.certificates(),
      links: this.#runtime.links.stats(),
      metrics: this.#ports.metrics.render(),
    };
  }

  async drain(graceMs: number): Promise<void> {
    this.#closing = true;
    await this.#queue;
    const slots = [...this.#slots.values()];
    await Promise.all(slots.map((slot) => slot.close()));
    const untilMs = this.#ports.clock.monotonicMs() + graceMs;
    while (slots.some((slot) => slot.openCount > 0) && this.#ports.clock.monotonicMs() < untilMs) {
      await new Promise((resolve) => {
        setTimeout(resolve, Math.min(50, graceMs));
      });
    }
    await this.close();
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#tick);
    await this.#queue;
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    await Promise.all(slots.map((slot) => slot.close()));
    this.#runtime.flows.destroyAll('the proxy ends');
    for (const slot of slots) slot.destroy();
    this.#runtime.upstreams.destroy();
    this.#runtime.timers.stop();
  }

  #everyTick(): void {
    this.#runtime.identities.tick();
    this.#checkLease();
  }

  #leaseHolds(): boolean {
    if (!this.#expired && this.#ports.clock.nowMs() >= this.#expiresAtMs) this.#checkLease();
    return !this.#expired;
  }

  /** An old configuration may allow what is forbidden by now, so without news from the control plane everything is refused. */
  #checkLease(): void {
    const expired = this.#ports.clock.nowMs() >= this.#expiresAtMs;
    if (expired === this.#expired) return;
    this.#expired = expired;
    if (!expired) {
      this.#ports.log('info', 'the configuration is renewed', { version: this.#config?.version });
      return;
    }
    this.#say(
      'expired',
      this.#config?.version ?? '',
      'the control plane did not renew the configuration in time, so everything is refused',
    );
    this.#runtime.flows.destroyAll('the configuration is too old');
    for (const slot of this.#slots.values()) slot.refreshConnections();
  }

  #forgetUnused(): void {
    const { upstreams, identities, egressAccounts } = this.#runtime;
    upstreams.keepOnly(this.#config?.destinations.used ?? new Set());
    identities.keepOnly(this.#config?.identities ?? new Set());
    const services = [...(this.#config?.services.values() ?? [])];
    egressAccounts.keepOnly(new Set(services.flatMap(({ egress }) => [...(egress?.accounts() ?? [])])));
  }

  #say(action: ConfigEvent['action'], version: string, detail: string): void {
    const { clock, metrics, node, emit } = this.#ports;
    metrics.counter('cullis_config_changes_total', action).inc();
    if (action === 'applied') metrics.gauge('cullis_config_applied_seconds').set(clock.nowMs() / 1000);
    if (this.#expiresAtMs !== Infinity) metrics.gauge('cullis_config_expiry_seconds').set(this.#expiresAtMs / 1000);
    this.#ports.log(action === 'applied' ? 'info' : 'error', `configuration ${action}`, { version, detail });
    const event: ConfigEvent = {
      type: 'config',
      id: this.#runtime.nextEventId(),
      timeMs: clock.nowMs(),
      node,
      action,
      version,
      detail,
    };
    emit
      .emitDurably(event)
      .catch((error: unknown) => this.#ports.log('error', 'an event could not be written', { error: messageOf(error) }));
  }
}
