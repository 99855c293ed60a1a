// W3C Trace Context level 1: https://www.w3.org/TR/trace-context-1/
import type { Random } from '#base/ports.ts';
import type { TracingPlan } from '#plan/telemetry-plan.ts';
import type { Ids } from './ids.ts';

export interface Trace {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly traceparent: string;
  /** Whether the caller's own context goes on; a tracestate belongs to it and is dropped otherwise (section 4.3). */
  readonly continued: boolean;
  /** Span of this hop, 16 hex digits; '' where this side sends none. */
  readonly spanId: string;
  /** Span of the caller, '' for the first of its trace. */
  readonly parentId: string;
  readonly sampled: boolean;
}

interface Received {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NONE = /^0+$/;
const FLOOR_EVERY_MS = 1000;
/** Spans that are recorded for their outcome alone: a flood of refusals must not become a flood of spans. */
const OUTCOMES_PER_SECOND = 100;

function read(received: string | undefined): Received | undefined {
  const parts = received === undefined ? null : TRACEPARENT.exec(received);
  if (!parts) return undefined;
  const [, version, traceId = '', parentId = '', flags = '', rest] = parts;
  // A version above 00 may carry more, of which this version knows nothing (section 4.3); ff is forbidden.
  const fits = version === '00' ? rest === undefined : version !== 'ff';
  return fits && !NONE.test(traceId) && !NONE.test(parentId) ? { traceId, parentId, flags } : undefined;
}

/**
 * Goes on with the caller's trace, or starts one, where this side sends no spans: the parent stays the caller's, since a span that nobody
 * knows would cut the tree. A new trace is marked as sampled, so that it is the applications that decide what they record.
 * @param received traceparent header as it came; several or a malformed one count as none (section 3.2.2)
 */
export function continueTrace(received: string | undefined, ids: Ids): Trace {
  const context = read(received);
  if (context) {
    const { traceId, parentId, flags } = context;
    const sampled = isSampled(flags);
    return { traceId, traceparent: `00-${traceId}-${parentId}-${flags}`, continued: true, spanId: '', parentId, sampled };
  }
  const traceId = ids.hex(16);
  const traceparent = `00-${traceId}-${ids.hex(8)}-01`;
  return { traceId, traceparent, continued: false, spanId: '', parentId: '', sampled: true };
}

/**
 * Goes on with the caller's trace, or starts one, with a span of this hop in between. The trace of a stranger goes on too, so that its calls can be
 * followed from outside; whether it is recorded a stranger does not decide.
 * @param believed the caller's own decision about sampling holds
 * @param twoSpans the hop has a span for its own side and one for the call it makes: the latter is the next hop's parent
 */
export function joinTrace(
  received: string | undefined,
  ids: Ids,
  sampler: Sampler,
  { believed, twoSpans }: { readonly believed: boolean; readonly twoSpans: boolean },
): Trace {
  const context = read(received);
  const sampled = context !== undefined && believed ? isSampled(context.flags) : sampler.sample();
  const traceId = context?.traceId ?? ids.hex(16);
  const spanId = ids.hex(8);
  return {
    traceId,
    traceparent: `00-${traceId}-${twoSpans ? clientSpanOf(spanId) : spanId}-${sampled ? '01' : '00'}`,
    continued: context !== undefined,
    spanId,
    parentId: context?.parentId ?? '',
    sampled,
  };
}

function isSampled(flags: string): boolean {
  return (Number.parseInt(flags, 16) & 1) === 1;
}

/** Id of the span for the call that a gateway makes, from the id of its own: so one of the two need not be kept. Never all zero (section 3.2.2.4). */
export function clientSpanOf(spanId: string): string {
  const first = (Number.parseInt(spanId[0]!, 16) ^ 1).toString(16) + spanId.slice(1);
  return NONE.test(first) ? `2${spanId.slice(1)}` : first;
}

/** Decides which traces that begin at one listener are recorded. */
export class Sampler {
  readonly #share: number;
  readonly #floor: boolean;
  readonly #random: Random;
  readonly #monotonicMs: () => number;
  #takenMs = -Infinity;
  #second = -1;
  #outcomes = 0;

  constructor({ percent, floor }: TracingPlan, random: Random, monotonicMs: () => number) {
    this.#share = percent / 100;
    this.#floor = floor;
    this.#random = random;
    this.#monotonicMs = monotonicMs;
  }

  sample(): boolean {
    if (this.#share >= 1) return true;
    if (this.#share > 0 && this.#random.unit() < this.#share) return true;
    if (!this.#floor) return false;
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#takenMs < FLOOR_EVERY_MS) return false;
    this.#takenMs = nowMs;
    return true;
  }

  /** Whether a hop that was not sampled is recorded for how it ended. */
  keepOutcome(): boolean {
    const second = Math.floor(this.#monotonicMs() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#outcomes = 0;
    }
    return ++this.#outcomes <= OUTCOMES_PER_SECOND;
  }
}
