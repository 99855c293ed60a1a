// Which version runs where, held against what is declared: drift is told when it begins and when it ends.
import type { System } from '#model/system.ts';
import { type Drift, driftOf } from '#plan/versions.ts';
import type { EndpointFacts } from './endpoint-events.ts';
import type { ProcessView } from './status.ts';

export class DriftWatch {
  now: readonly Drift[] = [];
  #seen = '';
  #system: System | undefined;

  /** @returns what is to be told */
  look(system: System, processes: readonly ProcessView[]): EndpointFacts[] {
    const running = processes.flatMap(({ workload, version, pid }) =>
      version === undefined || pid === null ? [] : [{ replica: workload, version }],
    );
    const seen = JSON.stringify(running);
    if (seen === this.#seen && system === this.#system) return [];
    this.#seen = seen;
    this.#system = system;
    const before = new Map(this.now.map((one) => [one.service, one.detail]));
    this.now = driftOf(system, running);
    const facts: EndpointFacts[] = [];
    for (const { service, detail } of this.now) {
      if (before.get(service) !== detail)
        facts.push({ action: 'drifted', destination: '', workload: service, address: service, detail });
      before.delete(service);
    }
    for (const service of before.keys())
      facts.push({
        action: 'settled',
        destination: '',
        workload: service,
        address: service,
        detail: 'all copies run what is declared',
      });
    return facts;
  }
}
