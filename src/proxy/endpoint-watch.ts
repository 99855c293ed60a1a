// Ejections and recoveries of endpoints, told: an event, a count, a gauge.
import type { EndpointEvent } from '#model/event.ts';
import type { Ejection } from './balance/outlier.ts';
import type { Host } from './balance/host.ts';
import type { Destination, DestinationWatch } from './destination.ts';
import type { Runtime } from './runtime.ts';

const REASONS: Readonly<Record<Ejection['reason'], string>> = {
  'consecutive-5xx': 'too many server errors in a row',
  'consecutive-gateway-errors': 'too many gateway errors in a row',
  'consecutive-local-failures': 'it could not be reached too often in a row',
};

export class EndpointWatch implements DestinationWatch {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  ejected(destination: Destination, { host, reason, forMs }: Ejection): void {
    const { metrics } = this.#runtime;
    metrics.counter('cullis_endpoint_ejections_total', destination.name, reason).inc();
    metrics.gauge('cullis_endpoints_ejected', destination.name).add(1);
    this.#say('ejected', destination, host, `${REASONS[reason]}; no requests for ${Math.round(forMs / 1000)} s`);
  }

  restored(destination: Destination, host: Host): void {
    this.#runtime.metrics.gauge('cullis_endpoints_ejected', destination.name).add(-1);
    this.#say('restored', destination, host, 'its time is over, it takes requests again');
  }

  #say(action: EndpointEvent['action'], destination: Destination, host: Host, detail: string): void {
    const { clock, node, nextEventId, emit } = this.#runtime;
    emit.emit({
      type: 'endpoint',
      id: nextEventId(),
      timeMs: clock.nowMs(),
      node,
      action,
      destination: `${destination.name}:${destination.port}`,
      workload: host.endpoint.target.workload,
      address: host.endpoint.name,
      detail,
    });
  }
}
