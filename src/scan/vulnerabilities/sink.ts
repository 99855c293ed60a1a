// The database file made record by record, for the adapter that fetches records and writes the file.
import { AdvisoryIndexWriter } from './index-file.ts';
import type { AdvisoryMeta } from './index-file.ts';
import { readAdvisory } from './osv.ts';

/**
 * Takes raw OSV records, each id once (the newest of those that come in a row of archives is the first that is given).
 * @param fetched RFC 3339
 */
export function advisorySink(
  from: string,
  fetched: string,
): {
  add(raw: unknown): Uint8Array | undefined;
  finish(unreadable: number): Uint8Array;
  /** After `finish`. */
  meta(): AdvisoryMeta | undefined;
} {
  const writer = new AdvisoryIndexWriter();
  const seen = new Set<string>();
  let meta: AdvisoryMeta | undefined;
  return {
    add: (raw) => {
      const advisory = readAdvisory(raw);
      if (!advisory || seen.has(advisory.id)) return undefined;
      seen.add(advisory.id);
      return writer.add(advisory);
    },
    finish: (unreadable) => {
      const end = writer.finish(from, fetched, unreadable);
      meta = end.meta;
      return end.bytes;
    },
    meta: () => meta,
  };
}
