// Traces, metrics and logs to a collector. It reads what the proxies have written to their journals, so that a request costs the proxy nothing more
// than a few members of its event, a slow collector delays nobody, and no process that handles hostile bytes holds the collector's credentials.
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { messageOf } from '#base/errors.ts';
import type { Clock, Random } from '#base/ports.ts';
import type { Event, ExchangeEvent } from '#model/event.ts';
import type { OtlpSignal, OtlpSpec } from '#model/telemetry.ts';
import { followJournal } from '../journal-follow.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { logOf, ownerOf } from './logs.ts';
import { type LogRecord, type Of, type Span, byResource } from './message.ts';
import { metricsOf } from './metrics.ts';
import { encodeProtobuf } from './protobuf.ts';
import { SendQueue } from './queue.ts';
import { Resources } from './resource.ts';
import { type Sent, type Target, send } from './send.ts';
import { type Env, headerValue, resourceAttributes, signalUrl } from './settings.ts';
import { spansOf } from './spans.ts';

const FLUSH_EVERY_MS = 1000;
const TROUBLE_SAID_EVERY_MS = 60_000;
const SPAN_MARK = Buffer.from('"span":{');
const CODE_MARK = Buffer.from('"code":"');
const EXCHANGE_MARK = Buffer.from('{"type":"exchange"');

export interface ExporterPorts {
  readonly otlp: OtlpSpec;
  /** Variables that headers may come from. */
  readonly env: Env;
  /** Files are relative to it. */
  readonly path: (file: string) => string;
  /** Folder with the journals of all processes. */
  readonly journalDir: string;
  /** Whether requests of a workload or gateway in a role are told even when all went well. */
  readonly accessLog: (workload: string, role: string) => boolean;
  /** No workload has them told: lines of such requests need not be read. */
  readonly noAccessLogs: boolean;
  /** Prometheus text of all processes. */
  exposition(): string;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly version: string;
  /** Between two looks at what waits; a second when absent. */
  readonly flushEveryMs?: number;
}

export interface Exporter {
  /** Sends what waits, for at most `graceMs`, then ends. */
  close(graceMs: number): Promise<void>;
}

export function startExporter(ports: ExporterPorts): Exporter {
  return new OtlpExporter(ports);
}

class OtlpExporter implements Exporter {
  readonly #ports: ExporterPorts;
  readonly #resources: Resources;
  readonly #scope: { readonly name: string; readonly version: string };
  readonly #agent: HttpAgent;
  readonly #spans: SendQueue<Of<Span>>;
  readonly #logs: SendQueue<Of<LogRecord>>;
  readonly #following = new AbortController();
  readonly #followed: Promise<void>;
  readonly #flush: NodeJS.Timeout;
  readonly #collect: NodeJS.Timeout | undefined;
  readonly #startMs: number;
  #sendingMetrics: Promise<void> | undefined;
  #saidMs = -Infinity;

  constructor(ports: ExporterPorts) {
    const { otlp, env, version, clock } = ports;
    this.#ports = ports;
    this.#startMs = clock.nowMs();
    this.#resources = new Resources(version, resourceAttributes(env));
    this.#scope = { name: 'cullis', version };
    const options = { keepAlive: true, maxSockets: 4 };
    this.#agent = otlp.endpoint.startsWith('https:') ? new HttpsAgent(options) : new HttpAgent(options);
    this.#spans = this.#queue('traces', (batch) => this.#tracesOf(batch));
    this.#logs = this.#queue('logs', (batch) => this.#logsOf(batch));
    this.#flush = setInterval(() => {
      this.#spans.flush();
      this.#logs.flush();
    }, ports.flushEveryMs ?? FLUSH_EVERY_MS).unref();
    if (this.#sends('metrics')) this.#collect = setInterval(() => this.#sendMetrics(), otlp.intervalMs).unref();
    this.#followed = this.#follow();
  }

  async close(graceMs: number): Promise<void> {
    clearInterval(this.#flush);
    clearInterval(this.#collect);
    this.#following.abort();
    await this.#followed;
    if (this.#sends('metrics')) this.#sendMetrics();
    const timer = Promise.withResolvers<void>();
    const late = setTimeout(timer.resolve, graceMs);
    await Promise.all([
      this.#spans.close(graceMs),
      this.#logs.close(graceMs),
      Promise.race([this.#sendingMetrics, timer.promise]),
    ]);
    clearTimeout(late);
    this.#agent.destroy();
  }

  #sends(signal: OtlpSignal): boolean {
    return this.#ports.otlp.signals.includes(signal);
  }

  async #follow(): Promise<void> {
    const { journalDir, noAccessLogs, log, clock } = this.#ports;
    const [traces, logs] = [this.#sends('traces'), this.#sends('logs')];
    if (!traces && !logs) return;
    const { signal } = this.#following;
    const all = logs && !noAccessLogs;
    // Most lines are of requests that nobody wants to hear of: they are told by a few bytes, without being read.
    const lineFilter = (line: Buffer): boolean =>
      all || line.includes(SPAN_MARK) || (logs && (line.includes(CODE_MARK) || !line.includes(EXCHANGE_MARK)));
    while (!signal.aborted) {
      try {
        for await (const event of followJournal(journalDir, { from: clock.nowMs(), signal, lineFilter }))
          this.#take(event, traces, logs);
      } catch (error) {
        log.error({ err: error }, 'the journal could not be followed, so nothing is sent to the collector for a moment');
        await new Promise((resolve) => {
          setTimeout(resolve, FLUSH_EVERY_MS).unref();
        });
      }
    }
  }

  #take(event: Event, traces: boolean, logs: boolean): void {
    try {
      if (traces && event.type === 'exchange') this.#takeSpans(event);
      if (logs && this.#isLogged(event)) this.#takeLog(event);
    } catch {
      // Its members are not what they should be: whoever wrote it is not to be believed, and the next one may be sound.
      this.#ports.metrics.counter('cullis_otlp_dropped_total', 'events', 'malformed').inc();
    }
  }

  #takeSpans(event: ExchangeEvent): void {
    const resource = this.#resources.of(event.workload);
    for (const item of spansOf(event)) this.#spans.add({ resourceKey: event.workload, resource, item });
  }

  #takeLog(event: Event): void {
    const owner = ownerOf(event);
    this.#logs.add({ resourceKey: owner, resource: this.#resources.of(owner), item: logOf(event, this.#ports.clock.nowMs()) });
  }

  #isLogged(event: Event): boolean {
    if (event.type !== 'exchange' || event.code !== undefined) return true;
    return this.#ports.accessLog(event.workload, event.role);
  }

  #sendMetrics(): void {
    // The next one says all that this one would, so none waits for another.
    if (this.#sendingMetrics) return;
    const { clock, version, metrics } = this.#ports;
    const found = metricsOf(this.#ports.exposition(), clock.nowMs(), this.#startMs);
    const message = {
      resourceMetrics: [
        { resource: this.#resources.of('cullis'), scopeMetrics: [{ scope: { name: 'cullis', version }, metrics: found }] },
      ],
    };
    this.#sendingMetrics = this.#send('metrics', message)
      .then((sent) => {
        if (sent.kind === 'done') metrics.counter('cullis_otlp_sent_total', 'metrics').inc(found.length);
        else {
          metrics
            .counter('cullis_otlp_dropped_total', 'metrics', sent.kind === 'again' ? 'unreachable' : 'refused')
            .inc(found.length);
          this.#trouble('metrics', sent.why);
        }
      })
      .finally(() => {
        this.#sendingMetrics = undefined;
      });
  }

  #queue<T>(signal: 'traces' | 'logs', message: (batch: readonly T[]) => object): SendQueue<T> {
    const { clock, random, metrics } = this.#ports;
    return new SendQueue<T>({
      clock,
      random,
      send: (batch) => this.#send(signal, message(batch)),
      onSent: (count) => metrics.counter('cullis_otlp_sent_total', signal).inc(count),
      onDropped: (count, reason, why) => {
        metrics.counter('cullis_otlp_dropped_total', signal, reason).inc(count);
        if (reason !== 'stopped') this.#trouble(signal, why === '' ? reason : why);
      },
      onTrouble: (why) => this.#trouble(signal, why),
    });
  }

  /** Said once a minute; the metrics count all of it. */
  #trouble(signal: OtlpSignal, why: string): void {
    const nowMs = this.#ports.clock.monotonicMs();
    if (nowMs - this.#saidMs < TROUBLE_SAID_EVERY_MS) return;
    this.#saidMs = nowMs;
    this.#ports.log.warn({ signal, endpoint: this.#ports.otlp.endpoint, why }, 'the collector does not take what is sent');
  }

  async #send(signal: OtlpSignal, message: object): Promise<Sent> {
    const { otlp, clock } = this.#ports;
    let target: Target;
    try {
      target = this.#target(signal);
    } catch (error) {
      return { kind: 'again', status: 0, why: messageOf(error), afterMs: undefined };
    }
    const type = ({ traces: 'Traces', metrics: 'Metrics', logs: 'Logs' } as const)[signal];
    let body: Buffer | string;
    try {
      body = otlp.protocol === 'http/json' ? JSON.stringify(message) : encodeProtobuf(type, message);
    } catch (error) {
      return { kind: 'refused', status: 0, why: messageOf(error) };
    }
    return await send(target, body, clock.nowMs());
  }

  /** Read anew each time: a secret in a file may be replaced while this runs. */
  #target(signal: OtlpSignal): Target {
    const { otlp, env, path } = this.#ports;
    const readFile = (file: string): string => {
      try {
        return readFileSync(path(file), 'utf8');
      } catch (error) {
        throw new Error(`\`${file}\` could not be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`, {
          cause: error,
        });
      }
    };
    return {
      url: signalUrl(otlp, signal, env),
      headers: Object.fromEntries(
        Object.entries(otlp.headers).map(([name, from]) => [name, headerValue(name, from, env, readFile)]),
      ),
      contentType: otlp.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
      compress: otlp.compression === 'gzip',
      timeoutMs: otlp.timeoutMs,
      ca: otlp.caFile === '' ? undefined : readFile(otlp.caFile),
      agent: this.#agent,
    };
  }

  #tracesOf(batch: readonly Of<Span>[]): object {
    return {
      resourceSpans: byResource(batch).map(({ resource, items }) => ({
        resource,
        scopeSpans: [{ scope: this.#scope, spans: items }],
      })),
    };
  }

  #logsOf(batch: readonly Of<LogRecord>[]): object {
    return {
      resourceLogs: byResource(batch).map(({ resource, items }) => ({
        resource,
        scopeLogs: [{ scope: this.#scope, logRecords: items }],
      })),
    };
  }
}
