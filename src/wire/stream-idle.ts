import type { Limits } from '#model/platform.ts';

/** Content that is made to stay open and may be silent for long. */
const STREAM = /^(?:text\/event-stream|multipart\/x-mixed-replace|application\/grpc)(?:[+;\s]|$)/i;

/** How long an answer that has begun may be silent. @param contentType of the answer */
export function answerIdleMs(limits: Limits, contentType: string | undefined): number {
  const { upstreamTimeoutMs, streamIdleTimeoutMs } = limits;
  return contentType !== undefined && STREAM.test(contentType)
    ? Math.max(upstreamTimeoutMs, streamIdleTimeoutMs)
    : upstreamTimeoutMs;
}
