// A worker's end of the control channel: shows its token, takes snapshots and leases, asks for certificates, reports.
import { createConnection, type Socket } from 'node:net';
import { CullisError } from '#base/errors.ts';
import { LineSplitter } from '#base/line-splitter.ts';
import type { Random } from '#base/ports.ts';
import type { FromControl, FromWorker, TrustState, WorkerReport } from '#model/snapshot.ts';

const LINE_BYTES_MAX = 256 * 1024 * 1024;
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1000;
const RETRY_GROWTH = 1.5;
/** A refused snapshot is tried again after this, while it is the one to serve and none is served. */
const AGAIN_MS = 1000;
const SVID_TIMEOUT_MS = 10_000;
const REQUESTS_MAX = 10_000;

type SnapshotMessage = Extract<FromControl, { readonly type: 'snapshot' }>;
export type EndpointsMessage = Extract<FromControl, { readonly type: 'endpoints' }>;
export type SnapshotAnswer = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface WorkerChannelOptions {
  readonly socketPath: string;
  readonly token: string;
  readonly name: string;
  readonly random: Random;
  /** Compiles and swaps; what it answers goes back as ACK or NACK. Called for one snapshot at a time; a newer one replaces those that wait. */
  onSnapshot(message: SnapshotMessage): Promise<SnapshotAnswer>;
  /** Puts other endpoints in force at once; what it answers goes back as for a snapshot. */
  onEndpoints(message: EndpointsMessage): SnapshotAnswer;
  onLease(expiresAtMs: number): void;
  /** Takes roots and revocations; what it answers goes back. */
  onTrust(state: TrustState): Promise<SnapshotAnswer>;
  /** Version of the trust state that peers are judged by. */
  trustVersion(): number;
  /** Replaces certificates. @param identities none means all */
  onRenew(identities: readonly string[]): Promise<void>;
  /** Control wants a report now. */
  onReportNow(): void;
  /** Told when the connection comes and goes, for the log and a metric. */
  onState?(connected: boolean): void;
}

export interface WorkerChannel {
  readonly connected: boolean;
  /**
   * Sends a certificate request and waits for its chain: PEM, leaf first.
   * @throws CullisError ca.refused when control says no, control.unreachable when it does not answer in 10 s
   */
  requestSvid(identity: string, csrPem: string): Promise<string>;
  /** Dropped while control is away: the next report says the same and more. */
  sendReport(report: WorkerReport): void;
  close(): void;
}

interface SvidRequest {
  readonly csrPem: string;
  readonly done: (chainPem: string) => void;
  readonly fail: (error: CullisError) => void;
}

/** Connects, and connects again with growing pauses (20 ms to 1 s, with jitter) until `close`. While control is away the worker goes on with what it has. */
export function connectControl(options: WorkerChannelOptions): WorkerChannel {
  return new Channel(options);
}

class Channel implements WorkerChannel {
  readonly #options: WorkerChannelOptions;
  /** By identity; requests for one identity are answered in order. */
  readonly #requests = new Map<string, SvidRequest[]>();
  #requestCount = 0;
  #socket: Socket | undefined;
  #connected = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #retryMs = RETRY_FIRST_MS;
  #closed = false;
  #applying = false;
  /** Some snapshot was taken: there is one to go on with. */
  #serving = false;
  #againTimer: NodeJS.Timeout | undefined;
  #next: SnapshotMessage | undefined;

  constructor(options: WorkerChannelOptions) {
    this.#options = options;
    this.#connect();
  }

  get connected(): boolean {
    return this.#connected;
  }

  requestSvid(identity: string, csrPem: string): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new CullisError('control.unreachable', 'the control channel is closed'));
      if (this.#requestCount >= REQUESTS_MAX)
        return reject(new CullisError('control.unreachable', 'too many certificate requests wait'));
      const settle = (): void => {
        clearTimeout(timer);
        this.#requestCount--;
        const list = this.#requests.get(identity) ?? [];
        const rest = list.filter((one) => one !== request);
        if (rest.length > 0) this.#requests.set(identity, rest);
        else this.#requests.delete(identity);
      };
      const request: SvidRequest = {
        csrPem,
        done: (chainPem) => {
          settle();
          resolve(chainPem);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      const timer = setTimeout(
        () => request.fail(new CullisError('control.unreachable', `no certificate for \`${identity}\` in time`)),
        SVID_TIMEOUT_MS,
      );
      this.#requestCount++;
      this.#requests.set(identity, [...(this.#requests.get(identity) ?? []), request]);
      // Without a connection it waits for the next one, which sends everything that is open.
      if (this.#connected) this.#send({ type: 'csr', identity, csrPem });
    });
  }

  sendReport(report: WorkerReport): void {
    if (this.#connected) this.#send({ type: 'report', report });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#againTimer);
    this.#socket?.destroy();
    for (const list of this.#requests.values()) {
      for (const one of list) one.fail(new CullisError('control.unreachable', 'the control channel is closed'));
    }
  }

  #connect(): void {
    const socket = createConnection(this.#options.socketPath);
    const splitter = new LineSplitter(LINE_BYTES_MAX);
    this.#socket = socket;
    socket.on('connect', () => {
      this.#connected = true;
      this.#send({ type: 'hello', token: this.#options.token, name: this.#options.name, pid: process.pid });
      for (const [identity, list] of this.#requests) for (const { csrPem } of list) this.#send({ type: 'csr', identity, csrPem });
      this.#options.onState?.(true);
    });
    socket.on('data', (chunk: Buffer) => {
      const lines = splitter.push(chunk);
      if (!lines) {
        socket.destroy();
        return;
      }
      for (const line of lines) {
        // Control is trusted, its text is not taken on faith all the same: a broken line ends the connection.
        const message = parse(line);
        if (!message) {
          socket.destroy();
          return;
        }
        this.#retryMs = RETRY_FIRST_MS;
        this.#handle(message);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      const was = this.#connected;
      this.#connected = false;
      if (was) this.#options.onState?.(false);
      if (this.#closed) return;
      const pauseMs = this.#retryMs * (0.75 + this.#options.random.unit() / 2);
      this.#retryMs = Math.min(this.#retryMs * RETRY_GROWTH, RETRY_MAX_MS);
      this.#retryTimer = setTimeout(() => this.#connect(), pauseMs);
    });
  }

  #handle(message: FromControl): void {
    switch (message.type) {
      case 'snapshot':
        this.#next = message;
        clearTimeout(this.#againTimer);
        if (!this.#applying) void this.#apply();
        return;
      case 'endpoints':
        this.#answer(
          message.version,
          this.#applying || this.#next ? { ok: false, reason: 'a snapshot is being taken' } : this.#options.onEndpoints(message),
        );
        return;
      case 'lease':
        this.#options.onLease(message.expiresAtMs);
        return;
      case 'trust':
        void this.#trust(message);
        return;
      case 'renew':
        // What fails is tried again by whoever holds the certificates, and control sees in the reports what is in use.
        this.#options.onRenew(message.identities).then(
          () => this.#options.onReportNow(),
          () => this.#options.onReportNow(),
        );
        return;
      case 'svid':
        this.#requests.get(message.identity)?.[0]?.done(message.chainPem);
        return;
      case 'svid-refused':
        this.#requests
          .get(message.identity)?.[0]
          ?.fail(new CullisError('ca.refused', `no certificate for \`${message.identity}\`: ${message.reason}`));
        return;
      case 'report-now':
        this.#options.onReportNow();
        return;
    }
  }

  async #trust({ trustVersion, bundle, revoked }: TrustState): Promise<void> {
    const answer = await this.#options.onTrust({ trustVersion, bundle, revoked }).catch((error: unknown): SnapshotAnswer => {
      return { ok: false, reason: error instanceof CullisError ? error.message : 'the worker failed on this trust state' };
    });
    this.#send(
      answer.ok
        ? { type: 'trust-ack', trustVersion: this.#options.trustVersion() }
        : { type: 'trust-nack', trustVersion, reason: answer.reason.slice(0, 4000) },
    );
  }

  async #apply(): Promise<void> {
    this.#applying = true;
    try {
      while (this.#next && !this.#closed) {
        const message = this.#next;
        this.#next = undefined;
        const answer = await this.#options.onSnapshot(message).catch((error: unknown): SnapshotAnswer => {
          return { ok: false, reason: error instanceof CullisError ? error.message : 'the worker failed on this snapshot' };
        });
        const { version } = message;
        this.#serving ||= answer.ok;
        if (!answer.ok && !this.#serving && !this.#next) this.#tryAgain(message);
        this.#answer(version, answer);
      }
    } finally {
      this.#applying = false;
    }
  }

  #answer(version: string, answer: SnapshotAnswer): void {
    const trustVersion = this.#options.trustVersion();
    this.#send(
      answer.ok ? { type: 'ack', version, trustVersion } : { type: 'nack', version, reason: answer.reason.slice(0, 4000) },
    );
  }

  /** A worker that was started anew and finds a port taken or control gone would else serve nothing until the next change. */
  #tryAgain(message: SnapshotMessage): void {
    clearTimeout(this.#againTimer);
    this.#againTimer = setTimeout(() => {
      if (this.#closed || this.#next) return;
      this.#next = message;
      if (!this.#applying) void this.#apply();
    }, AGAIN_MS);
  }

  #send(message: FromWorker): void {
    if (this.#socket && !this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }
}

function parse(line: string): FromControl | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value ? (value as FromControl) : undefined;
  } catch {
    return undefined;
  }
}
