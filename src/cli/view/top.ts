// The screen of `cullis top`: a head, a table of links that gives up columns where there is no room, and the keys.
import { stripVTControlCharacters } from 'node:util';
import type { Paint } from '../text.ts';
import { count, printable, width } from '../text.ts';
import { type Sort, type Top, type TopLink, sortLinks } from './top-model.ts';

export interface TopView {
  readonly columns: number;
  /** Lines there are room for; Infinity shows all links. */
  readonly rows: number;
  readonly sort: Sort;
  readonly paused: boolean;
  /** Links passed over at the top. */
  readonly scroll: number;
  /** Whether keys are read. */
  readonly keys: boolean;
  /** Why the last look gave nothing; '' when it did. */
  readonly trouble: string;
}

interface Column {
  readonly title: string;
  readonly sort?: Sort;
  /** Those with the highest number give way first; 0 never does. */
  readonly givesWay: number;
  readonly left?: boolean;
  cell(link: TopLink, paint: Paint): string;
}

const COLUMNS: readonly Column[] = [
  { title: 'FROM', sort: 'from', givesWay: 0, left: true, cell: ({ from }) => printable(from) },
  { title: 'TO', sort: 'to', givesWay: 0, left: true, cell: ({ to, port }) => `${printable(to)}:${port}` },
  {
    title: 'TLS',
    givesWay: 4,
    left: true,
    cell: ({ mtls, tlsProtocol }, paint) =>
      mtls ? paint('good', 'mTLS') : tlsProtocol === '' ? paint('warn', 'plain') : paint('mark', 'TLS'),
  },
  { title: 'RATE/s', sort: 'rate', givesWay: 0, cell: ({ rate }) => rateText(rate) },
  {
    title: 'ERR %',
    sort: 'errors',
    givesWay: 0,
    cell: ({ errorRate }, paint) => (errorRate === 0 ? '-' : paint('bad', (errorRate * 100).toFixed(errorRate < 0.1 ? 1 : 0))),
  },
  { title: 'FAILED', givesWay: 6, cell: ({ failed }, paint) => (failed === 0 ? '-' : paint('warn', String(failed))) },
  {
    title: 'NO MTLS',
    givesWay: 5,
    cell: ({ mtlsDenied }, paint) => (mtlsDenied === 0 ? '-' : paint('bad', String(mtlsDenied))),
  },
  {
    title: 'DENIED',
    sort: 'denied',
    givesWay: 2,
    cell: ({ policyDenied }, paint) => (policyDenied === 0 ? '-' : paint('bad', String(policyDenied))),
  },
  { title: 'p50 ms', givesWay: 3, cell: ({ p50Ms }) => msText(p50Ms) },
  { title: 'p90 ms', givesWay: 7, cell: ({ p90Ms }) => msText(p90Ms) },
  { title: 'p99 ms', sort: 'p99', givesWay: 1, cell: ({ p99Ms }) => msText(p99Ms) },
  { title: 'OPEN', givesWay: 8, cell: ({ connections }) => String(connections) },
];

/** @returns at most `view.rows` lines, none wider than `view.columns` */
export function renderTop(top: Top | undefined, view: TopView, paint: Paint): string[] {
  const head = [headLine(top, view, paint), ''];
  const foot = view.keys ? ['', paint('quiet', 'q quit   s sort   p pause   ↑↓ scroll')] : [];
  const room = Math.max(1, view.rows - head.length - foot.length - 1);
  const links = sortLinks(top?.links ?? [], view.sort);
  const from = Math.min(view.scroll, Math.max(0, links.length - room));
  const shown = links.slice(from, from + room);
  const lines = shown.length === 0 ? [paint('quiet', 'no traffic yet')] : tableOf(shown, view, paint);
  const all = [...head, ...lines, ...foot].map((line) => cut(line, view.columns));
  return Number.isFinite(view.rows) ? all.slice(0, view.rows) : all;
}

function headLine(top: Top | undefined, view: TopView, paint: Paint): string {
  if (!top) return paint('warn', view.trouble === '' ? 'looking …' : view.trouble);
  const { totals, workers, windowMs } = top;
  const parts = [
    paint('strong', `${rateText(totals.rate)}/s`),
    `${totals.failed === 0 ? '0' : paint('warn', String(totals.failed))} failed`,
    `${totals.denied === 0 ? '0' : paint('bad', String(totals.denied))} denied`,
    `${totals.mtlsLinks} of ${count(totals.links, 'link')} on mTLS`,
    `${workers.connected} of ${count(workers.all, 'worker')}`,
    paint('quiet', `last ${windowMs < 9500 ? (windowMs / 1000).toFixed(1) : Math.round(windowMs / 1000)} s`),
  ];
  if (!top.ready) parts.splice(1, 0, paint('warn', 'not in force yet'));
  if (view.paused) parts.unshift(paint('warn', 'paused'));
  if (view.trouble !== '') parts.unshift(paint('bad', view.trouble));
  return parts.join('   ');
}

function tableOf(links: readonly TopLink[], view: TopView, paint: Paint): string[] {
  let columns = [...COLUMNS];
  for (;;) {
    const cells = links.map((link) => columns.map((column) => column.cell(link, paint)));
    const titles = columns.map(({ title, sort }) => (sort === view.sort ? `${title}▾` : title));
    const widths = titles.map((title, i) => Math.max(width(title), ...cells.map((row) => width(row[i]!))));
    const needed = widths.reduce((sum, one) => sum + one, 0) + 2 * (columns.length - 1);
    const last = columns.reduce((most, { givesWay }) => Math.max(most, givesWay), 0);
    if (needed > view.columns && last > 0) {
      columns = columns.filter(({ givesWay }) => givesWay < last);
      continue;
    }
    // What is left is names and two numbers: the names give way.
    const over = Math.max(0, needed - view.columns);
    if (over > 0) for (const i of [0, 1]) widths[i] = Math.max(6, widths[i]! - Math.ceil(over / 2));
    const line = (row: readonly string[]): string =>
      row
        .map((cell, i) => {
          const fitted = cut(cell, widths[i]!);
          const pad = ' '.repeat(widths[i]! - width(fitted));
          return columns[i]!.left ? fitted + pad : pad + fitted;
        })
        .join('  ')
        .trimEnd();
    return [paint('quiet', line(titles)), ...cells.map(line)];
  }
}

/** The text in at most `columns` columns; what is cut loses its colours, and ends in an ellipsis. */
function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  return `${Array.from(stripVTControlCharacters(text))
    .slice(0, Math.max(0, columns - 1))
    .join('')}…`;
}

function rateText(rate: number): string {
  if (rate === 0) return '0';
  return rate < 9.95 ? rate.toFixed(1) : String(Math.round(rate));
}

function msText(ms: number): string {
  if (ms === 0) return '-';
  return ms < 9.95 ? ms.toFixed(1) : String(Math.round(ms));
}
