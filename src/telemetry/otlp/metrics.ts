// The exposition that Prometheus reads, as OTLP metrics: names, labels and buckets are the same in both.
import { type HistogramPoint, type KeyValue, type Metric, type NumberPoint, CUMULATIVE, attribute, unixNano } from './message.ts';

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const SUFFIX = /_(bucket|sum|count)$/;
const START = 'cullis_process_start_time_seconds';

interface Family {
  readonly name: string;
  help: string;
  type: string;
  readonly points: NumberPoint[];
  readonly histograms: Map<string, { labels: KeyValue[]; start: string; bounds: number[]; totals: number[]; sum: number }>;
}

/**
 * @param text Prometheus text exposition 0.0.4 @param startMs when counting began where a process does not say it
 * @returns cumulative sums, gauges and histograms; samples that are not numbers are left out
 */
export function metricsOf(text: string, nowMs: number, startMs: number): Metric[] {
  const lines = text.split('\n');
  const starts = startTimes(lines);
  const families = new Map<string, Family>();
  const family = (name: string): Family => {
    let found = families.get(name);
    if (!found) families.set(name, (found = { name, help: '', type: '', points: [], histograms: new Map() }));
    return found;
  };
  const time = unixNano(nowMs);
  for (const line of lines) {
    if (line.startsWith('# ')) {
      const [, kind, name = '', ...rest] = line.split(' ');
      if (kind === 'HELP') family(name).help = rest.join(' ').replaceAll('\\n', '\n').replaceAll('\\\\', '\\');
      else if (kind === 'TYPE') family(name).type = rest.join(' ');
      continue;
    }
    const sample = SAMPLE.exec(line);
    if (!sample) continue;
    const [, full = '', labelText = '', valueText = ''] = sample;
    const value = Number(valueText);
    if (!Number.isFinite(value)) continue;
    const base = full.replace(SUFFIX, '');
    const isHistogram = base !== full && families.get(base)?.type === 'histogram';
    const labels = labelsOf(labelText);
    const worker = labels.find(([name]) => name === 'worker')?.[1] ?? '';
    const start = starts.get(worker) ?? unixNano(startMs);
    if (!isHistogram) {
      family(full).points.push({
        attributes: labels.map(([k, v]) => attribute(k, v)),
        startTimeUnixNano: start,
        timeUnixNano: time,
        asDouble: value,
      });
      continue;
    }
    const le = labels.find(([name]) => name === 'le')?.[1];
    const own = labels.filter(([name]) => name !== 'le');
    const key = JSON.stringify(own);
    const { histograms } = family(base);
    let one = histograms.get(key);
    if (!one)
      histograms.set(key, (one = { labels: own.map(([k, v]) => attribute(k, v)), start, bounds: [], totals: [], sum: 0 }));
    if (le !== undefined) {
      if (le !== '+Inf') one.bounds.push(Number(le));
      one.totals.push(value);
    } else if (full.endsWith('_sum')) one.sum = value;
  }
  return [...families.values()].flatMap((one) => metricOf(one, time));
}

function metricOf({ name, help, type, points, histograms }: Family, time: string): Metric[] {
  const unit = /_seconds(?:_total)?$/.test(name) ? 's' : /_bytes(?:_total)?$/.test(name) ? 'By' : '1';
  const head = { name, description: help, unit };
  if (histograms.size > 0) {
    const dataPoints = [...histograms.values()].map(({ labels, start, bounds, totals, sum }): HistogramPoint => ({
      attributes: labels,
      startTimeUnixNano: start,
      timeUnixNano: time,
      count: String(totals.at(-1) ?? 0),
      sum,
      // Prometheus' buckets count what lies below, OTLP's what lies within.
      bucketCounts: totals.map((total, i) => String(total - (i === 0 ? 0 : totals[i - 1]!))),
      explicitBounds: bounds,
    }));
    return [{ ...head, histogram: { dataPoints, aggregationTemporality: CUMULATIVE } }];
  }
  if (points.length === 0) return [];
  if (type === 'counter')
    return [{ ...head, sum: { dataPoints: points, aggregationTemporality: CUMULATIVE, isMonotonic: true } }];
  return [
    {
      ...head,
      gauge: { dataPoints: points.map(({ attributes, timeUnixNano, asDouble }) => ({ attributes, timeUnixNano, asDouble })) },
    },
  ];
}

/** When each worker's counting began. */
function startTimes(lines: readonly string[]): Map<string, string> {
  const starts = new Map<string, string>();
  for (const line of lines) {
    if (!line.startsWith(START)) continue;
    const [, , labelText = '', value = ''] = SAMPLE.exec(line) ?? [];
    starts.set(labelsOf(labelText).find(([name]) => name === 'worker')?.[1] ?? '', unixNano(Number(value) * 1000));
  }
  return starts;
}

function labelsOf(text: string): [string, string][] {
  return [...text.matchAll(LABEL)].map(([, name = '', value = '']) => [
    name,
    value.replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)),
  ]);
}
