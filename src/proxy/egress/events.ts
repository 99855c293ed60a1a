import { messageOf } from '#base/errors.ts';
import type { Reason } from '#model/decision.ts';
import type { EgressEvent } from '#model/event.ts';
import { reason } from '../reasons.ts';
import type { Runtime } from '../runtime.ts';
import type { Leak } from './inspection.ts';

/** Who sends out, and where to. */
export interface Caller {
  readonly workload: string;
  readonly host: string;
  readonly port: number;
}

/** Writes that something looked like a leak and was let pass; what is refused is told by the event of the request itself. */
export function tellLeaks(runtime: Runtime, caller: Caller, leaks: readonly Leak[]): void {
  for (const { policy, at, action, rule, place } of leaks) {
    runtime.metrics.counter('cullis_egress_findings_total', caller.workload, rule, action).inc();
    if (action !== 'raise') continue;
    raise(runtime, caller, { what: 'content', policy, at, rule, place, text: leakText(rule, place) });
  }
}

export function leakReasons(leaks: readonly Leak[]): Reason[] {
  return leaks.map(({ policy, at, rule, place }) => ({
    ...reason('DENY', 'inspect', [], rule, at, leakText(rule, place)),
    policy,
  }));
}

function leakText(rule: string, place: string): string {
  return rule === 'unreadable' ? `it cannot be searched (${place})` : `it holds what rule \`${rule}\` finds (${place})`;
}

/** @param about what was seen; never what stood there */
export function raise(
  runtime: Runtime,
  { workload, host, port }: Caller,
  about: Pick<EgressEvent, 'what' | 'policy' | 'at' | 'rule' | 'place' | 'text'>,
): void {
  const event: EgressEvent = {
    type: 'egress',
    id: runtime.nextEventId(),
    timeMs: runtime.clock.nowMs(),
    node: runtime.node,
    action: 'raised',
    workload,
    host,
    port,
    count: 1,
    ...about,
  };
  runtime.emit
    .emitDurably(event)
    .catch((error: unknown) =>
      runtime.log('error', 'an event could not be written to the journal', { id: event.id, error: messageOf(error) }),
    );
}
