// How one listener traces: compiled with its configuration, so that a request looks nothing up.
import type { Clock, Random } from '#base/ports.ts';
import type { CustomTag } from '#model/telemetry.ts';
import type { TracingPlan } from '#plan/telemetry-plan.ts';
import { Sampler } from './trace.ts';

/** Tracing of one listener, compiled. */
export interface Tracing {
  readonly sampler: Sampler;
  readonly tags: readonly (readonly [name: string, tag: CustomTag])[];
}

export function compileTracing(
  plan: TracingPlan | undefined,
  { random, clock }: { readonly random: Random; readonly clock: Clock },
): Tracing | undefined {
  if (!plan) return undefined;
  return { sampler: new Sampler(plan, random, () => clock.monotonicMs()), tags: Object.entries(plan.tags) };
}
