// The service graph as Prometheus metrics, of all workers together.
import { latencyBoundMs, type LatencyCounts } from '#model/latency.ts';
import type { LinkStats } from '#model/snapshot.ts';
import { METRICS, type MetricName } from '#telemetry/catalogue.ts';
import { escapeHelp, escapeLabel, formatNumber } from '#telemetry/exposition.ts';

/** Further links are in the totals of their workload only. */
const LINKS_MAX = 1000;

type Row = readonly [labels: string, value: number];

/** @param links as `LinkLedger.merged` gives them @returns Prometheus text exposition 0.0.4 */
export function renderLinks(links: readonly LinkStats[]): string {
  const shown = links.slice(0, LINKS_MAX).map((link) => ({ link, labels: labelsOf(link) }));
  if (shown.length === 0) return '';
  const rows = (of: (link: LinkStats) => number): Row[] => shown.map(({ link, labels }) => [labels, of(link)]);
  const denials = shown.flatMap(({ link, labels }): Row[] => [
    [`${labels},reason="mtls"`, link.mtlsDenied],
    [`${labels},reason="policy"`, link.policyDenied],
    [`${labels},reason="other"`, Math.max(0, link.denied - link.mtlsDenied - link.policyDenied)],
  ]);
  return [
    family(
      'cullis_link_requests_total',
      rows(({ requests }) => requests),
    ),
    family(
      'cullis_link_failures_total',
      rows(({ failed }) => failed),
    ),
    family('cullis_link_denials_total', denials),
    family(
      'cullis_link_mtls',
      rows(({ mtls }) => (mtls ? 1 : 0)),
    ),
    family(
      'cullis_link_connections_open',
      rows(({ connections }) => connections),
    ),
    head('cullis_link_duration_seconds'),
    ...shown.map(({ link, labels }) => histogram(labels, link.latency, link.latencySumMs)),
  ].join('');
}

function labelsOf({ source, destination, port, protocol }: LinkStats): string {
  return `source="${escapeLabel(source)}",destination="${escapeLabel(destination)}",port="${port}",protocol="${protocol}"`;
}

function head(name: MetricName): string {
  return `# HELP ${name} ${escapeHelp(METRICS[name].help)}\n# TYPE ${name} ${METRICS[name].type}\n`;
}

function family(name: MetricName, rows: readonly Row[]): string {
  return head(name) + rows.map(([labels, value]) => `${name}{${labels}} ${formatNumber(value)}\n`).join('');
}

/** Bounds are among those of the finer buckets, so nothing is estimated. */
function histogram(labels: string, { first, counts }: LatencyCounts, sumMs: number): string {
  const name = 'cullis_link_duration_seconds';
  let text = '';
  let total = 0;
  let next = 0;
  for (const bound of METRICS[name].buckets) {
    // Halfway to the next bucket, so that the last digit of a power does not matter.
    while (next < counts.length && latencyBoundMs(first + next - 0.5) <= bound * 1000) total += counts[next++]!;
    text += `${name}_bucket{${labels},le="${formatNumber(bound)}"} ${total}\n`;
  }
  const all = counts.reduce((sum, n) => sum + n, 0);
  return `${text}${name}_bucket{${labels},le="+Inf"} ${all}\n${name}_sum{${labels}} ${formatNumber(sumMs / 1000)}\n${name}_count{${labels}} ${all}\n`;
}
