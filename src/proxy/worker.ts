// The data plane of one node: gateway and sidecars of one snapshot, swapped whole by the next.
import { KeySources } from '#authn/jwks.ts';
import { messageOf } from '#base/errors.ts';
import type { ConfigEvent } from '#model/event.ts';
import type { TrustState, WorkerReport } from '#model/snapshot.ts';
import type { EndpointChanges } from '#plan/endpoints.ts';
import { compileConfig } from './config.ts';
import { LinkAudit } from './link-audit.ts';
import type { Config } from './service.ts';
import { Slot } from './listeners.ts';
import type { Proxy, ProxyPorts, Snapshot } from './ports.ts';
import { ConnectionRefusals } from './refuse-connection.ts';
import { Runtime } from './runtime.ts';

export type { Proxy, ProxyPorts, Snapshot } from './ports.ts';

const TICK_MS = 250;
/** Peers' proofs are looked at again, and links audited, each second. */
const TICKS_A_LOOK = 4;

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
  readonly #audit: LinkAudit;
  #ticks = 0;
  #config: Config | undefined;
  /** Of the configuration in force with its endpoints of now. */
  #version = '';
  #expiresAtMs = Infinity;
  #expired = false;
  #closing = false;
  /** Snapshots are taken one after the other. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(ports: ProxyPorts) {
    this.#ports = ports;
    this.#runtime = new Runtime(ports, () => this.#leaseHolds());
    this.#keys = new KeySources({ fetch: ports.fetch, clock: ports.clock });
    this.#audit = new LinkAudit(this.#runtime);
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
      this.#runtime.servingKeys.offer(snapshot.tlsKeys);
      const { identities } = this.#runtime;
      const trustVersion = snapshot.trustVersion ?? identities.trust.version;
      if (identities.revoke({ trustVersion, revoked: snapshot.revoked ?? [] })) this.#judge();
      const config = compileConfig(snapshot, this.#runtime, this.#keys);
      await identities.ensure(config.identities, identities.trust.newer(config.bundle, snapshot.trustVersion));
      const fresh = [...config.services.values()].filter(({ key }) => !this.#slots.has(key));
      await Promise.all(
        fresh.map(async (service) => {
          const slot = new Slot(this.#runtime, this.#refusals, service);
          await slot.open();
          opened.push(slot);
        }),
      );
      this.#swap(config, opened, snapshot);
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
  #swap(config: Config, opened: readonly Slot[], { expiresAtMs, trustVersion }: Snapshot): void {
    const { identities, flows } = this.#runtime;
    this.#config = config;
    this.#version = config.version;
    identities.trust.use(config.bundle, config.trustDomains, trustVersion);
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
    this.#judge();
    flows.reconsider((key) => config.services.get(key) ?? config.inner.get(key));
    // So that no request waits for keys; failures are the request's to meet.
    for (const { authenticator } of config.services.values()) void authenticator?.warm();
  }

  replaceEndpoints(
    from: string,
    version: string,
    changes: EndpointChanges,
    expiresAtMs: number,
  ): ReturnType<Proxy['replaceEndpoints']> {
    const config = this.#config;
    if (!config || this.#version !== from) return { ok: false, reason: 'another configuration is in force here' };
    config.destinations.replace(changes);
    this.#version = version;
    this.lease(expiresAtMs);
    return { ok: true };
  }

  get trustVersion(): number {
    return this.#runtime.identities.trust.bundleVersion;
  }

  /** Revocations do not wait for a configuration that is being taken; roots do, since that one may bring its own. */
  trust(state: TrustState): ReturnType<Proxy['trust']> {
    const { identities } = this.#runtime;
    if (identities.revoke(state)) this.#judge();
    const trusted = this.#queue.then(async (): Promise<Awaited<ReturnType<Proxy['trust']>>> => {
      // A newer state came while this one waited.
      if (state.trustVersion < identities.trust.version) return { ok: true };
      try {
        await identities.ensure(this.#config?.identities ?? [], state.bundle);
      } catch (error) {
        return { ok: false, reason: messageOf(error) };
      }
      identities.trust.use(state.bundle, identities.trust.trustDomains, state.trustVersion);
      this.#judge();
      return { ok: true };
    });
    this.#queue = trusted;
    return trusted;
  }

  async renew(identities: readonly string[]): Promise<void> {
    await this.#runtime.identities.renewNow(identities);
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
      snapshotVersion: this.#version,
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
    this.#runtime.fineTimers.stop();
  }

  #everyTick(): void {
    this.#runtime.identities.tick();
    this.#config?.destinations.tick(this.#ports.clock.monotonicMs());
    this.#checkLease();
    if (++this.#ticks % TICKS_A_LOOK !== 0) return;
    this.#judge();
    this.#audit.look();
  }

  /** Asks of every open connection whether both sides are still believed. */
  #judge(): void {
    const { identities, flows, upstreams, clock } = this.#runtime;
    const nowMs = clock.nowMs();
    for (const slot of this.#slots.values()) slot.judge();
    flows.judge(({ ownIdentity, proof }) => {
      const revoked = identities.trust.revocationOf(ownIdentity) === undefined ? undefined : identities.ownFault(ownIdentity);
      return revoked ?? identities.trust.faultOf(proof, nowMs)?.reason;
    });
    if (identities.judgeOutgoing()) upstreams.renew();
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
    const { upstreams, identities, servingKeys, egressAccounts } = this.#runtime;
    servingKeys.keepOnly(this.#config?.servingKeys ?? new Set());
    if (this.#config) {
      this.#config.destinations.activate();
      this.#runtime.keepCounters(new Set([...this.#config.services.values()].map(({ counters }) => counters)));
    } else upstreams.keepOnly(new Set());
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
