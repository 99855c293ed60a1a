// The names that workloads look up: each told, and those told together that look like a tunnel. Nothing of them leaves the machine, since only known names
// are answered; that somebody tries is the news.
import type { Clock } from '#base/ports.ts';
import type { Query } from '#host/init-dns.ts';
import type { NameEvent } from '#model/event.ts';
import type { SeenEvent } from './process-log.ts';

/** Record types (RFC 1035 section 3.2.2 and later). */
const RECORDS: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  10: 'NULL',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
};
/** Those that carry much in their answers, and that a service of a cluster hardly asks for. */
const CARRIERS: ReadonlySet<number> = new Set([5, 10, 15, 16, 25, 255]);
const OWN = /(?:^|\.)cluster\.local$/;

const WINDOW_MS = 60_000;
/** Domains watched at a time for one workload; the oldest go first. */
const DOMAINS_MAX = 256;
/** Names told in one event batch. */
const TOLD_MAX = 200;
/** Label bytes under one domain within the window that are no longer names. */
const BYTES_MAX = 600;
const DISTINCT_MAX = 40;
const CARRIER_MAX = 10;
/** Bits a character of what stands before the domain. English names have 2 to 3; hex has up to 4, base32 up to 5. */
const ENTROPY_MIN = 3.2;
const RATE_MAX = 600;

interface Watched {
  sinceMs: number;
  readonly names: Set<string>;
  bytes: number;
  dense: number;
  carriers: number;
  told: boolean;
}

export class NameWatch {
  readonly #clock: Clock;
  readonly #domains = new Map<string, Map<string, Watched>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param isOutside whether a known name is a host that is let out
   * @returns what to write down, the alarms last
   */
  take(workload: string, queries: readonly Query[], isOutside: (name: string) => boolean): SeenEvent[] {
    const events: SeenEvent[] = [];
    const alarms: SeenEvent[] = [];
    for (const query of queries.slice(0, TOLD_MAX)) {
      const answer = answerOf(query, isOutside);
      events.push({
        type: 'name',
        workload,
        name: query.name.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, 255),
        record: RECORDS[query.type] ?? String(query.type),
        answer,
        count: query.count,
      });
      const alarm = answer === 'mesh' ? undefined : this.#watch(workload, query, answer);
      if (alarm) alarms.push(alarm);
    }
    return [...events, ...alarms];
  }

  #watch(workload: string, query: Query, answer: NameEvent['answer']): SeenEvent | undefined {
    const domain = answer === 'limited' ? '*' : domainOf(query.name);
    const watched = this.#of(workload, domain);
    const before = query.name.slice(0, Math.max(0, query.name.length - domain.length - 1));
    const fresh = !watched.names.has(before) && watched.names.size < DISTINCT_MAX * 4;
    if (fresh) {
      watched.names.add(before);
      watched.bytes += before.length;
      if (before.length >= 16 && entropy(before) >= ENTROPY_MIN) watched.dense += before.length;
    }
    if (CARRIERS.has(query.type)) watched.carriers += query.count;
    const why = reasonOf(watched, answer, query.count);
    if (why === undefined || watched.told) return undefined;
    watched.told = true;
    return {
      type: 'egress',
      action: 'raised',
      what: 'tunnelling',
      workload,
      host: domain === '*' ? '' : domain.slice(0, 255).replaceAll(/[^\x21-\x7e]/g, '?'),
      port: 53,
      policy: '',
      at: '',
      rule: 'name-tunnel',
      place: 'name look-ups',
      count: watched.names.size,
      text: `look-ups that are more than names: ${why}; none of it left the machine`,
    };
  }

  #of(workload: string, domain: string): Watched {
    let domains = this.#domains.get(workload);
    if (!domains) this.#domains.set(workload, (domains = new Map()));
    const nowMs = this.#clock.monotonicMs();
    let watched = domains.get(domain);
    if (watched && nowMs - watched.sinceMs <= WINDOW_MS) return watched;
    domains.delete(domain);
    if (domains.size >= DOMAINS_MAX) domains.delete(domains.keys().next().value!);
    watched = { sinceMs: nowMs, names: new Set(), bytes: 0, dense: 0, carriers: 0, told: false };
    domains.set(domain, watched);
    return watched;
  }
}

function answerOf({ name, answer }: Query, isOutside: (name: string) => boolean): NameEvent['answer'] {
  if (answer === 'limited') return 'limited';
  if (answer === 'known') return isOutside(name) ? 'outside' : 'mesh';
  // `api.example.com.shop.svc.cluster.local`: the resolver tries its search domains before the name itself.
  return OWN.test(name) && name.split('.').length > 4 ? 'search' : 'unknown';
}

function reasonOf(watched: Watched, answer: NameEvent['answer'], count: number): string | undefined {
  if (answer === 'limited') return count > RATE_MAX ? `more than ${RATE_MAX} in a second` : undefined;
  if (watched.dense > BYTES_MAX / 4) return `${watched.dense} bytes of random labels`;
  if (watched.bytes > BYTES_MAX && watched.names.size > 8)
    return `${watched.bytes} bytes of labels in ${watched.names.size} names`;
  if (watched.carriers > CARRIER_MAX) return `${watched.carriers} for records that carry data`;
  return watched.names.size > DISTINCT_MAX ? `${watched.names.size} different names below one domain` : undefined;
}

/** The last two labels; of the mesh's own names, all that the search added and the label before. */
function domainOf(name: string): string {
  return name
    .split('.')
    .slice(OWN.test(name) ? -5 : -2)
    .join('.');
}

/** C. Shannon, 1948; bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
