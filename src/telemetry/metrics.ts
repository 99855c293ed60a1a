import { unreachable } from '#base/assert.ts';
import type { CounterName, GaugeName, HistogramName, LabelValues, MetricName, MetricSpec } from './catalogue.ts';
import { METRICS } from './catalogue.ts';
import { escapeHelp, escapeLabel, formatNumber } from './exposition.ts';
export { mergeExposition } from './exposition.ts';

const SERIES_MAX_DEFAULT = 1000;
const SEPARATOR = '\u0000';
/** Label value of the one series that takes what goes beyond a family's bound. */
export const OVERFLOW = '_other';

export interface Counter {
  /** @param n zero or more, 1 when absent; anything else is a bug of the caller and is passed over */
  inc(n?: number): void;
}
export interface Gauge {
  set(value: number): void;
  add(delta: number): void;
}
export interface Histogram {
  /** @param seconds zero or more */
  observe(seconds: number): void;
}

interface Series<H> {
  readonly labels: string;
  readonly handle: H;
}

/** One metric: its series side by side in one typed array, `width` numbers each. */
class Family {
  readonly name: string;
  readonly spec: MetricSpec;
  readonly width: number;
  values: Float64Array;
  readonly series: Series<Counter | Gauge | Histogram>[] = [];
  readonly #byKey = new Map<string, Counter | Gauge | Histogram>();

  constructor(name: string, spec: MetricSpec) {
    this.name = name;
    this.spec = spec;
    // A histogram holds one count per bucket, the count beyond the last, and the sum.
    this.width = spec.type === 'histogram' ? (spec.buckets?.length ?? 0) + 2 : 1;
    this.values = new Float64Array(this.width * 8);
  }

  handle(labelValues: readonly string[]): Counter | Gauge | Histogram {
    const key = labelValues.length === 1 ? labelValues[0]! : labelValues.join(SEPARATOR);
    return this.#byKey.get(key) ?? this.#add(key, labelValues);
  }

  #add(key: string, labelValues: readonly string[]): Counter | Gauge | Histogram {
    const { labels } = this.spec;
    if (labelValues.length !== labels.length) throw new TypeError(`${this.name} takes ${labels.length} labels`);
    let values = labelValues;
    // One place is kept for the overflow series, which then takes everybody who comes late.
    if (labels.length > 0 && this.series.length >= (this.spec.seriesMax ?? SERIES_MAX_DEFAULT) - 1) {
      values = labels.map(() => OVERFLOW);
      const overflow = this.#byKey.get(values.join(SEPARATOR));
      if (overflow) return overflow;
      key = values.join(SEPARATOR);
    }
    const offset = this.series.length * this.width;
    if (offset + this.width > this.values.length) {
      const grown = new Float64Array(this.values.length * 2);
      grown.set(this.values);
      this.values = grown;
    }
    const handle = makeHandle(this, offset);
    this.series.push({ labels: labels.map((name, i) => `${name}="${escapeLabel(values[i]!)}"`).join(','), handle });
    this.#byKey.set(key, handle);
    return handle;
  }

  remove(labelValues: readonly string[]): void {
    const key = labelValues.join(SEPARATOR);
    const handle = this.#byKey.get(key);
    if (!handle) return;
    const index = this.series.findIndex((one) => one.handle === handle);
    this.values.fill(Number.NaN, index * this.width, (index + 1) * this.width);
  }

  render(): string {
    if (this.series.length === 0) return '';
    let text = `# HELP ${this.name} ${escapeHelp(this.spec.help)}\n# TYPE ${this.name} ${this.spec.type}\n`;
    for (let i = 0; i < this.series.length; i++) {
      const { labels } = this.series[i]!;
      const offset = i * this.width;
      if (Number.isNaN(this.values[offset])) continue;
      if (this.spec.type === 'histogram') text += this.#renderHistogram(labels, offset);
      else text += `${this.name}${labels ? `{${labels}}` : ''} ${formatNumber(this.values[offset]!)}\n`;
    }
    return text;
  }

  #renderHistogram(labels: string, offset: number): string {
    const buckets = this.spec.buckets ?? [];
    const before = labels ? `${labels},` : '';
    let text = '';
    let total = 0;
    for (let i = 0; i < buckets.length; i++) {
      total += this.values[offset + i]!;
      text += `${this.name}_bucket{${before}le="${formatNumber(buckets[i]!)}"} ${total}\n`;
    }
    total += this.values[offset + buckets.length]!;
    const braces = labels ? `{${labels}}` : '';
    text += `${this.name}_bucket{${before}le="+Inf"} ${total}\n`;
    text += `${this.name}_sum${braces} ${formatNumber(this.values[offset + buckets.length + 1]!)}\n${this.name}_count${braces} ${total}\n`;
    return text;
  }
}

function makeHandle(family: Family, offset: number): Counter | Gauge | Histogram {
  const { type } = family.spec;
  switch (type) {
    case 'counter':
      return {
        inc(n = 1) {
          if (n >= 0) family.values[offset]! += n;
        },
      };
    case 'gauge':
      return {
        set(value) {
          family.values[offset] = value;
        },
        add(delta) {
          family.values[offset]! += delta;
        },
      };
    case 'histogram': {
      const bounds = Float64Array.from(family.spec.buckets ?? []);
      return {
        observe(seconds) {
          // A value that is not a number belongs to no bucket and would poison the sum.
          if (!(seconds >= 0)) return;
          let low = 0;
          let high = bounds.length;
          while (low < high) {
            const middle = (low + high) >>> 1;
            if (bounds[middle]! < seconds) low = middle + 1;
            else high = middle;
          }
          family.values[offset + low]! += 1;
          family.values[offset + bounds.length + 1]! += seconds;
        },
      };
    }
    default:
      return unreachable(type);
  }
}

/**
 * A registry over the catalogue. Handles are made once per label set and then cost one addition; callers on a hot path keep them.
 *
 * @example
 * const requests = metrics.counter('cullis_connections_total', 'gateway');
 * requests.inc();
 */
export class Metrics {
  readonly #families = new Map<string, Family>();
  readonly #collectors: (() => void)[] = [];

  constructor() {
    for (const [name, spec] of Object.entries(METRICS)) this.#families.set(name, new Family(name, spec));
  }

  counter<N extends CounterName>(name: N, ...labelValues: LabelValues<N>): Counter {
    return this.#family(name).handle(labelValues as readonly string[]) as Counter;
  }

  gauge<N extends GaugeName>(name: N, ...labelValues: LabelValues<N>): Gauge {
    return this.#family(name).handle(labelValues as readonly string[]) as Gauge;
  }

  histogram<N extends HistogramName>(name: N, ...labelValues: LabelValues<N>): Histogram {
    return this.#family(name).handle(labelValues as readonly string[]) as Histogram;
  }

  /** Takes a gauge's series out of the exposition until it is set again (a workload that is gone). */
  forget<N extends GaugeName>(name: N, ...labelValues: LabelValues<N>): void {
    this.#family(name).remove(labelValues as readonly string[]);
  }

  /** `collect` is called before each `render`, to set gauges that are read rather than kept (memory, expiry). */
  onRender(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Prometheus text exposition 0.0.4. Families without a series are left out. */
  render(): string {
    for (const collect of this.#collectors) collect();
    let text = '';
    for (const family of this.#families.values()) text += family.render();
    return text;
  }

  #family(name: MetricName): Family {
    const family = this.#families.get(name);
    if (!family) throw new TypeError(`no metric ${name} in the catalogue`);
    return family;
  }
}
