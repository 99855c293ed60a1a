import type { Limits } from '#model/platform.ts';

/** Content that is made to stay open and may be silent for long. */
const STREAM = /^(?:text\/event-stream|multipart\/x-mixed-replace|application\/grpc)(?:[+;\s]|$)/i;

/** Whether content of this type is made to stay open. */
export function staysOpen(contentType: string | undefined): boolean {
  return contentType !== undefined && STREAM.test(contentType);
}

/** How long an answer that has begun may be silent, and a call that is made to stay open. @param contentType of the answer, or of the call */
export function answerIdleMs(limits: Limits, contentType: string | undefined): number {
  const { upstreamTimeoutMs, streamIdleTimeoutMs } = limits;
  return contentType !== undefined && STREAM.test(contentType)
    ? Math.max(upstreamTimeoutMs, streamIdleTimeoutMs)
    : upstreamTimeoutMs;
}
