// How old what is known is.
import type { AdvisoryMeta } from './index-file.ts';

/** How old the database is, for people; RFC 3339 in, days out. @param now milliseconds since 1970 */
export function ageDays(meta: AdvisoryMeta, now: number): number {
  return Math.max(0, (now - Date.parse(meta.fetched)) / 86_400_000);
}
