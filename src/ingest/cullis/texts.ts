import { z } from 'zod';
import { parseDurationMs } from '#base/duration.ts';

/** A duration such as `5s` or `1h30m` of at least `minMs` milliseconds. The schema keeps the text; the reader converts it. */
export function durationText(minMs: number): z.ZodString {
  return z
    .string()
    .max(64)
    .refine((text) => (parseDurationMs(text) ?? -1) >= minMs, { message: 'must be a duration such as `30s` or `1h30m`' });
}
