// What workloads try to reach and there is no way to. All of it was refused before it is told here; that somebody tries is the news.
import type { Clock } from '#base/ports.ts';
import type { Attempt } from '#host/init-watch.ts';
import type { EgressEvent } from '#model/event.ts';
import type { SeenEvent } from './process-log.ts';

const WINDOW_MS = 60_000;
/** Told one by one for one workload within the window; a scan of a network becomes one number. What matters most has room of its own. */
const TOLD_MAX = 50;
const METADATA_TOLD_MAX = 20;

type Rule = 'metadata-address' | 'workload-address' | 'service-address' | 'many-at-once' | 'no-way';

/** Where clouds tell a machine its own credentials: AWS and those who took its address, ECS, EKS, Azure, Alibaba, Oracle. */
const METADATA: ReadonlySet<string> = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
]);

const TEXT: Readonly<Record<Rule, string>> = {
  'metadata-address': "a cloud's metadata service, which gives out the machine's credentials",
  'workload-address': 'another workload, past its sidecar',
  'service-address': 'no port of a service that this workload may see',
  'many-at-once': 'whoever listens, by multicast or broadcast',
  'no-way': 'outside, and no ServiceEntry names it',
};

interface Window {
  readonly sinceMs: number;
  /** Of `counts`, those of the cloud's own addresses. */
  metadata: number;
  /** Counts that are not told yet; 0 for what was told and is quiet since. */
  readonly counts: Map<string, number>;
  others: number;
}

export class AttemptWatch {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param more tries that could not be told apart
   * @returns what to write down: a destination when it is first tried, and after a minute what has come since
   */
  take(workload: string, attempts: readonly Attempt[], more: number): SeenEvent[] {
    const nowMs = this.#clock.monotonicMs();
    let window = this.#windows.get(workload);
    const events: SeenEvent[] = [];
    if (window && nowMs - window.sinceMs > WINDOW_MS) {
      for (const [key, count] of window.counts) if (count > 0) events.push(eventOf(workload, key, count));
      if (window.others > TOLD_MAX) events.push(othersOf(workload, window.others));
      window = undefined;
    }
    if (!window) this.#windows.set(workload, (window = { sinceMs: nowMs, metadata: 0, counts: new Map(), others: 0 }));
    for (const { protocol, ip, port, count } of attempts) {
      const key = `${protocol} ${ip} ${port}`;
      const known = window.counts.get(key);
      if (known !== undefined) window.counts.set(key, known + count);
      else if (hasRoom(window, ip)) {
        window.counts.set(key, 0);
        events.push(eventOf(workload, key, count));
      } else {
        // The first that is one too many says that there are others; how many, the window's end does.
        if (window.others === 0) events.push(othersOf(workload, count));
        window.others += count;
      }
    }
    if (more > 0 && window.others === 0) events.push(othersOf(workload, more));
    window.others += more;
    return events;
  }
}

function hasRoom(window: Window, ip: string): boolean {
  if (METADATA.has(ip)) return window.metadata++ < METADATA_TOLD_MAX;
  return window.counts.size - Math.min(window.metadata, METADATA_TOLD_MAX) < TOLD_MAX;
}

function eventOf(workload: string, key: string, count: number): SeenEvent {
  const [protocol = '', ip = '', port = ''] = key.split(' ');
  const rule = ruleOf(ip);
  const where = Number(port) === 0 ? ip : ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
  return {
    ...base(workload, rule, count),
    host: ip,
    port: Number(port),
    place: protocol,
    text: `${protocol} to ${where}: ${TEXT[rule]}`,
  };
}

function othersOf(workload: string, count: number): SeenEvent {
  const text = 'tries at more addresses than are told one by one, as of a scan';
  return { ...base(workload, 'no-way', count), host: '', port: 0, place: '', text };
}

function base(workload: string, rule: Rule, count: number) {
  return {
    type: 'egress',
    action: 'refused',
    what: 'address',
    workload,
    policy: '',
    at: '',
    rule,
    count,
  } as const satisfies Partial<EgressEvent>;
}

function ruleOf(ip: string): Rule {
  if (METADATA.has(ip)) return 'metadata-address';
  const [a = 0, b = 0] = ip.split('.').map(Number);
  if ((a >= 224 && a < 240) || ip === '255.255.255.255' || ip.startsWith('ff')) return 'many-at-once';
  if (a === 10 && b === 244) return 'workload-address';
  return (a === 10 && (b & 0xf0) === 96) || (a === 240 && b === 240) ? 'service-address' : 'no-way';
}
