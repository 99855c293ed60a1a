// Encryption is audited all the time: how each link is protected is said when it is first seen, when it changes, and in a summary of all.
import { formatDurationMs } from '#base/duration.ts';
import type { LinkEvent } from '#model/event.ts';
import type { Link } from './links.ts';
import type { Runtime } from './runtime.ts';

const SUMMARY_EVERY_MS = 300_000;

export class LinkAudit {
  readonly #runtime: Runtime;
  #summaryAtMs: number;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#summaryAtMs = runtime.clock.monotonicMs() + SUMMARY_EVERY_MS;
  }

  /** Called about once a second: what changes more often than that is said as it is at that moment. */
  look(): void {
    const { links, clock, emit, metrics } = this.#runtime;
    const nowMs = clock.nowMs();
    const open = { mutual: 0, tls: 0, plaintext: 0 };
    for (const link of links) {
      if (link.connections > 0) open[link.tlsProtocol === '' ? 'plaintext' : link.mtls ? 'mutual' : 'tls']++;
      if (!link.fresh) continue;
      link.fresh = false;
      const now = protectionOf(link);
      if (now === link.said) continue;
      const before = link.said;
      link.said = now;
      emit.emit(this.#event(link, before === '' ? 'seen' : 'changed', before === '' ? now : `${now}; before: ${before}`, nowMs));
    }
    for (const [protection, count] of Object.entries(open)) metrics.gauge('cullis_links_open', protection).set(count);
    if (clock.monotonicMs() < this.#summaryAtMs) return;
    this.#summaryAtMs = clock.monotonicMs() + SUMMARY_EVERY_MS;
    const summary = this.summary(nowMs);
    if (summary) emit.emit(summary);
  }

  /** All links with an open connection in one event; undefined when there is none. */
  summary(nowMs: number): LinkEvent | undefined {
    const open = [...this.#runtime.links].filter((link) => link.connections > 0);
    if (open.length === 0) return undefined;
    const kinds = new Map<string, number>();
    for (const link of open) kinds.set(kindOf(link), (kinds.get(kindOf(link)) ?? 0) + 1);
    const shown = open.filter(({ peerNotAfterMs }) => peerNotAfterMs > 0);
    const certificateAgeMs = Math.max(0, ...shown.map(({ peerNotBeforeMs }) => nowMs - peerNotBeforeMs));
    const certificateLeftMs = shown.length === 0 ? 0 : Math.min(...shown.map(({ peerNotAfterMs }) => peerNotAfterMs - nowMs));
    const connectionAgeMs = Math.max(...open.map(({ oldestConnectionMs }) => nowMs - oldestConnectionMs));
    const counts = [...kinds].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `${count} ${kind}`);
    const ages = `oldest connection ${formatDurationMs(connectionAgeMs)}`;
    const certificates = shown.length === 0 ? '' : `, oldest certificate ${formatDurationMs(certificateAgeMs)}`;
    return {
      ...this.#base('summary', nowMs),
      source: '',
      destination: '',
      port: 0,
      protocol: '',
      mtls: open.every(({ mtls }) => mtls),
      tlsProtocol: '',
      cipher: '',
      peerSerial: '',
      certificateAgeMs,
      certificateLeftMs,
      connectionAgeMs,
      connections: open.reduce((sum, link) => sum + link.connections, 0),
      at: '',
      detail: `${open.length} open links: ${counts.join(', ')}; ${ages}${certificates}`,
    };
  }

  #event(link: Link, action: 'seen' | 'changed', detail: string, nowMs: number): LinkEvent {
    const { source, destination, port, protocol, mtls, tlsProtocol, cipher, peerSerial } = link;
    const shown = link.peerNotAfterMs > 0;
    return {
      ...this.#base(action, nowMs),
      source,
      destination,
      port,
      protocol,
      mtls,
      tlsProtocol,
      cipher,
      peerSerial,
      certificateAgeMs: shown ? nowMs - link.peerNotBeforeMs : 0,
      certificateLeftMs: shown ? link.peerNotAfterMs - nowMs : 0,
      connectionAgeMs: link.oldestConnectionMs === 0 ? 0 : nowMs - link.oldestConnectionMs,
      connections: link.connections,
      at: link.modeAt,
      detail,
    };
  }

  #base(action: LinkEvent['action'], nowMs: number): Pick<LinkEvent, 'type' | 'id' | 'timeMs' | 'node' | 'action'> {
    const { nextEventId, node } = this.#runtime;
    return { type: 'link', id: nextEventId(), timeMs: nowMs, node, action };
  }
}

function kindOf({ mtls, tlsProtocol }: Link): string {
  if (tlsProtocol === '') return 'plaintext';
  return `${mtls ? 'mutual ' : ''}${tlsProtocol}`;
}

/** What a change of is worth an event: not the certificate's serial, which changes with every rotation. */
function protectionOf(link: Link): string {
  const kind = kindOf(link);
  if (kind !== 'plaintext') return `${kind} with ${link.cipher}`;
  const why = link.mode === 'DISABLE' ? 'the port speaks plaintext' : `the port is ${link.mode}`;
  return `plaintext, since ${why}`;
}
