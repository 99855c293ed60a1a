// What a run prints: a line for each contender, and one table of ratios at the end.
import type { Job } from './jobs.ts';
import type { Measured } from './load.ts';
import type { Paced } from './paced.ts';

export interface Result extends Measured {
  /** At half of its own maximum, for small answers over HTTP/1. */
  readonly half?: Paced | undefined;
  /** The same pace without a proxy. */
  readonly direct?: Paced | undefined;
  /** How much of a core others used meanwhile. */
  readonly disturbed: number;
}

const MUCH = 0.05;
/** Below this share of its core a contender waited for something else. */
const BUSY = 0.9;

const ratio = (value: number | undefined, base: number | undefined): string =>
  value === undefined || base === undefined || base === 0 ? '-' : (value / base).toFixed(2);

/** What kept the contender from doing more. */
function bound({ coreShare, systemShare, disturbed }: Result): string {
  const kernel = `${Math.round(systemShare * 100)} % in the kernel`;
  if (coreShare >= BUSY) return `own processor time, ${kernel}`;
  const used = `${Math.round(coreShare * 100)} % of its core, ${kernel}`;
  return disturbed > MUCH ? `load, origin or others: ${used}` : `load or origin: ${used}`;
}

export function line(title: string, job: Job, one: Result): string {
  const half = one.half && one.direct;
  return [
    `  ${title.padEnd(24)}`,
    `${Math.round(one.requestsPerSecond).toString().padStart(7)} rps`,
    ...(job.bodyBytes > 0 ? [`${((one.requestsPerSecond * job.bodyBytes) / 1e6).toFixed(0).padStart(5)} MB/s`] : []),
    `p50 ${one.p50Ms.toFixed(2)} ms  p99 ${one.p99Ms.toFixed(2)} ms`,
    `${one.cpuUsPerRequest.toFixed(1).padStart(5)} us cpu/request`,
    `${Math.round(one.rssMiB)} MiB`,
    ...(half ? [`half load p99 ${one.half.p99Ms.toFixed(2)} ms, direct ${half.p99Ms.toFixed(2)} ms`] : []),
    `bound by ${bound(one)}`,
    one.disturbed > MUCH ? `(others used ${(one.disturbed * 100).toFixed(0)} % of a core)` : '',
    one.errors + (one.half?.errors ?? 0) > 0 ? `${one.errors + (one.half?.errors ?? 0)} ERRORS` : '',
  ].join('  ');
}

/** `cullis` beside each of the others: rates as they are (more is better), and what a processor second does (the same, whatever else the machine did). */
export function ratios(report: Readonly<Record<string, Readonly<Record<string, Result>>>>, peers: readonly string[]): string {
  const head = ['job', ...peers.flatMap((peer) => [`rate/${peer}`, `per cpu/${peer}`]), 'cpu us', 'p99 ms'];
  const rows = Object.entries(report).flatMap(([job, results]) => {
    const own = results['cullis'];
    if (!own) return [];
    const cells = peers.flatMap((peer) => [
      ratio(own.requestsPerSecond, results[peer]?.requestsPerSecond),
      ratio(results[peer]?.cpuUsPerRequest, own.cpuUsPerRequest),
    ]);
    return [[job, ...cells, own.cpuUsPerRequest.toFixed(1), own.p99Ms.toFixed(2)]];
  });
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  return [head, ...rows]
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}
