import type { Clock } from '#base/ports.ts';
import { Portions } from '#base/portions.ts';
import type { Emit } from '#model/event.ts';
import { uuidv7 } from '#telemetry/ids.ts';
import type { Metrics } from '#telemetry/metrics.ts';
import { IdleConnections } from '#wire/idle-connections.ts';
import { TimerWheel } from '#wire/timers.ts';
import { EgressAccounts } from './egress/account.ts';
import { OutsideDialer } from './egress/dial.ts';
import { Groups } from './balance/groups.ts';
import { type Counted, Counters } from './counters.ts';
import { Flows } from './flows.ts';
import { HeaderRules } from './header-rules.ts';
import { Identities } from './identities.ts';
import { Ids } from './ids.ts';
import { Links } from './links.ts';
import type { LogLevel, ProxyPorts } from './ports.ts';
import { ServingKeys } from './serving-keys.ts';
import { Upstreams } from './upstreams.ts';

const FINE_TICK_MS = 5;
/** Connections to next hops kept for a next request: some 40 MB over mutual TLS when both ends are in this process. */
const RESTING_MAX = 256;

/** What lives as long as the proxy, whatever configuration is in force. */
export class Runtime {
  readonly ports: ProxyPorts;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly metrics: Metrics;
  readonly node: string;
  readonly timers: TimerWheel;
  readonly ids: Ids;
  /** A new event id: UUIDv7. */
  readonly nextEventId: () => string;
  readonly headerRules = new HeaderRules();
  readonly links = new Links();
  readonly flows = new Flows();
  readonly identities: Identities;
  /** Copies of requests under way. */
  mirrorsOpen = 0;
  readonly servingKeys = new ServingKeys();
  readonly upstreams: Upstreams;
  readonly outside: OutsideDialer;
  readonly egressAccounts = new EgressAccounts();
  /** Bounds that hold over all workers. */
  readonly portions: Portions;
  readonly #counters = new Map<string, Counters>();
  readonly resting = new IdleConnections(RESTING_MAX);
  readonly groups: Groups;
  /** For waits between retries, which the coarse wheel would make long. */
  readonly fineTimers: TimerWheel;
  /** Whether the configuration in force may still be used. */
  readonly leaseHolds: () => boolean;

  constructor(ports: ProxyPorts, leaseHolds: () => boolean) {
    const { clock, random } = ports;
    this.ports = ports;
    this.clock = clock;
    this.emit = ports.emit;
    this.metrics = ports.metrics;
    this.node = ports.node;
    this.timers = new TimerWheel(clock);
    this.fineTimers = new TimerWheel(clock, { tickMs: FINE_TICK_MS });
    this.ids = new Ids(random);
    this.nextEventId = uuidv7(clock, random);
    this.identities = new Identities(ports, this.nextEventId);
    this.outside = new OutsideDialer(ports.network, ports.outside, clock);
    this.portions = ports.portions ?? new Portions(1, false, () => false);
    this.groups = new Groups(this.portions);
    this.upstreams = new Upstreams(this);
    this.leaseHolds = leaseHolds;
  }

  /** The counters of a listener: the same ones while configurations change, and for copies of a workload. */
  countersOf(counted: Counted): Counters {
    const { role, workload, destination, port, protocol } = counted;
    const key = `${role} ${workload} ${destination} ${port} ${protocol}`;
    let counters = this.#counters.get(key);
    if (!counters) this.#counters.set(key, (counters = new Counters(this.metrics, this.links, counted)));
    return counters;
  }

  /** Lets go of the counters of listeners that are no more. */
  keepCounters(used: ReadonlySet<Counters>): void {
    for (const [key, counters] of this.#counters) if (!used.has(counters)) this.#counters.delete(key);
  }

  log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>): void {
    this.ports.log(level, message, fields);
  }
}
