// W3C Trace Context level 1: https://www.w3.org/TR/trace-context-1/
import type { Ids } from './ids.ts';

export interface Trace {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly traceparent: string;
  /** Whether the caller's own context goes on; a tracestate belongs to it and is dropped otherwise (section 4.3). */
  readonly continued: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NONE = /^0+$/;

/**
 * Goes on with the caller's trace, or starts one. The parent stays the caller's: this proxy sends no spans yet, and a span that nobody
 * knows would cut the tree. A new trace is marked as sampled, so that it is the applications that decide what they record.
 * @param received traceparent headers as they came; several or a malformed one count as none (section 3.2.2)
 */
export function continueTrace(received: string | undefined, ids: Ids): Trace {
  const parts = received === undefined ? null : TRACEPARENT.exec(received);
  if (parts) {
    const [, version, traceId, parentId, flags, rest] = parts as unknown as [
      string,
      string,
      string,
      string,
      string,
      string | undefined,
    ];
    // A version above 00 may carry more, of which this version knows nothing (section 4.3); ff is forbidden.
    const fits = version === '00' ? rest === undefined : version !== 'ff';
    if (fits && !NONE.test(traceId) && !NONE.test(parentId)) {
      return { traceId, traceparent: `00-${traceId}-${parentId}-${flags}`, continued: true };
    }
  }
  const traceId = ids.hex(16);
  return { traceId, traceparent: `00-${traceId}-${ids.hex(8)}-01`, continued: false };
}
