// The control channel: workers come over a unix socket, show the token their supervisor gave them, and get snapshots, leases and certificates.
// docs/decisions/0004-control-channel.md says why a socket file and a token stand for a check of the peer's user.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { CullisError, messageOf } from '#base/errors.ts';
import { LineSplitter } from '#base/line-splitter.ts';
import type { Clock } from '#base/ports.ts';
import type { FromControl, FromWorker, TrustState, WorkerReport } from '#model/snapshot.ts';
import type { Logger } from '#telemetry/log.ts';
import { parseFromWorker } from './messages.ts';

/** A snapshot serves this long after the control plane was last heard of; then workers close. Long enough to repair a control plane, short enough that a revoked policy dies. */
export const LEASE_MS = 10 * 60_000;
export const LEASE_EVERY_MS = 5000;
const LINE_BYTES_MAX = 8 * 1024 * 1024;
const HELLO_TIMEOUT_MS = 5000;
const ACK_TIMEOUT_MS = 30_000;
const CONNECTIONS_MAX = 64;
const SEND_BYTES_MAX = 256 * 1024 * 1024;
const CSR_BURST = 512;
const CSR_PER_SECOND = 20;

/** A snapshot without whom to believe, which is put in when it is sent. */
export type SnapshotMessage = Omit<Extract<FromControl, { readonly type: 'snapshot' }>, keyof TrustState>;
export type EndpointsMessage = Extract<FromControl, { readonly type: 'endpoints' }>;
export type SvidAnswer = { readonly ok: true; readonly chainPem: string } | { readonly ok: false; readonly reason: string };

export interface SnapshotPorts {
  readonly socketPath: string;
  /** Worker name -> token. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly leaseMs?: number;
  readonly ackTimeoutMs?: number;
  /** Whom workers are to believe at this moment. */
  trust(): TrustState;
  onCsr(worker: string, identity: string, csrPem: string): Promise<SvidAnswer>;
  onReport(report: WorkerReport): void;
  /** A worker that came later refused the snapshot in force. */
  onLateNack(worker: string, version: string, reason: string): void;
}

export interface WorkerView {
  readonly name: string;
  readonly pid: number;
  readonly connected: boolean;
  /** Version it last acknowledged, '' before the first. */
  readonly version: string;
  /** Of the trust state that it last acknowledged. */
  readonly trustVersion: number;
  /** Why it could not take the newest one; '' when it could, or did not answer. */
  readonly trustFault: string;
}

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly worker: string; readonly reason: string };

interface Peer {
  readonly socket: Socket;
  name: string;
  pid: number;
  version: string;
  trustVersion: number;
  trustFault: string;
  csrTokens: number;
  csrRefilledMs: number;
  signing: Promise<void>;
}

export class SnapshotServer {
  readonly #ports: SnapshotPorts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #peers = new Map<string, Peer>();
  readonly #gone = new Map<string, WorkerView>();
  readonly #hashSalt = randomBytes(32);
  readonly #tokenHashes = new Map<string, Buffer>();
  /** Distributions under way; each says whether the answer was meant for it. */
  readonly #waiting = new Set<(peer: string, version: string, reason: string | undefined) => boolean>();
  /** Waiting for workers to take the newest trust state; each looks again. */
  readonly #trusting = new Set<() => void>();
  /** Waiting for a worker to come. */
  readonly #expected = new Set<() => void>();
  #current: SnapshotMessage | undefined;
  #leaseTimer: NodeJS.Timeout | undefined;

  constructor(ports: SnapshotPorts) {
    this.#ports = ports;
    for (const [name, token] of ports.tokens) this.#tokenHashes.set(name, this.#hash(token));
    this.#server = createServer({ allowHalfOpen: false }, (socket) => this.#accept(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** @throws CullisError listen.failed; an existing socket file is replaced, anything else at that path is left and refused */
  async listen(): Promise<void> {
    const { socketPath } = this.#ports;
    try {
      mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
      chmodSync(dirname(socketPath), 0o700);
      const found = lstatSync(socketPath, { throwIfNoEntry: false });
      if (found && !found.isSocket()) throw new Error('something else is at that path');
      rmSync(socketPath, { force: true });
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(socketPath, () => {
          this.#server.off('error', reject);
          resolve();
        });
      });
      chmodSync(socketPath, 0o600);
    } catch (error) {
      throw new CullisError('listen.failed', `the control socket \`${socketPath}\` could not be opened: ${messageOf(error)}`, {
        cause: error,
      });
    }
    this.#server.on('error', (error) => this.#ports.log.error({ err: error }, 'control socket failed'));
    this.#leaseTimer = setInterval(() => this.renewLeases(), LEASE_EVERY_MS).unref();
  }

  get current(): SnapshotMessage | undefined {
    return this.#current;
  }

  /** A worker that is started anew may get a new token; the old one stops working. */
  setToken(name: string, token: string): void {
    this.#tokenHashes.set(name, this.#hash(token));
  }

  /** Resolves when a worker is connected, at the latest after `timeoutMs`. @returns whether one is */
  async someoneThere(timeoutMs: number): Promise<boolean> {
    if (this.#peers.size > 0) return true;
    return await new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#expected.delete(done);
        resolve(this.#peers.size > 0);
      };
      const timer = setTimeout(done, timeoutMs);
      this.#expected.add(done);
    });
  }

  /** Connected ones first known, then those that were. */
  workers(): WorkerView[] {
    const connected = [...this.#peers.values()].map(viewOf);
    return [...connected, ...[...this.#gone.values()].filter((one) => !this.#peers.has(one.name))];
  }

  /** Every worker that has a token, whether it ever came or not. */
  expected(): WorkerView[] {
    const known = new Map(this.workers().map((worker) => [worker.name, worker]));
    return [...this.#tokenHashes.keys()].map(
      (name) => known.get(name) ?? { name, pid: 0, connected: false, version: '', trustVersion: 0, trustFault: '' },
    );
  }

  /** Tells all connected workers whom to believe. */
  sendTrust(): void {
    const state = this.#ports.trust();
    for (const { socket } of this.#peers.values()) this.#write(socket, { type: 'trust', ...state });
  }

  /** Resolves when all connected workers acknowledged the newest trust state, at the latest after `timeoutMs`. @returns names of those that did not */
  trusted(timeoutMs: number): Promise<readonly string[]> {
    const late = (): string[] => {
      const { trustVersion } = this.#ports.trust();
      return [...this.#peers.values()].filter((peer) => peer.trustVersion < trustVersion).map(({ name }) => name);
    };
    if (late().length === 0) return Promise.resolve([]);
    return new Promise((resolve) => {
      const look = (over = false): void => {
        const names = late();
        if (names.length > 0 && !over) return;
        clearTimeout(timer);
        this.#trusting.delete(look);
        resolve(names);
      };
      const timer = setTimeout(() => look(true), timeoutMs);
      this.#trusting.add(look);
    });
  }

  /** Has a worker replace certificates. @param identities none means all */
  sendRenew(worker: string, identities: readonly string[]): void {
    const peer = this.#peers.get(worker);
    if (peer) this.#write(peer.socket, { type: 'renew', identities });
  }

  /**
   * Gives the snapshot to every connected worker and waits for all their answers. On a refusal the one before it goes out again to all, so
   * that workers never differ for longer than a turn. A worker that leaves meanwhile has no vote: it gets the current snapshot when it returns.
   * @param onRefused called before the former one goes out again: what it is to be trusted by may have to go back too
   */
  async distribute(snapshot: SnapshotMessage, onRefused?: () => void): Promise<Verdict> {
    const previous = this.#current;
    this.#current = this.#leased(snapshot);
    const verdict = await this.#send(this.#current);
    if (verdict.ok) return verdict;
    onRefused?.();
    this.#current = previous;
    if (previous) {
      this.#current = this.#leased(previous);
      const back = await this.#send(this.#current);
      if (!back.ok) this.#ports.log.error({ worker: back.worker, reason: back.reason }, 'the former snapshot was refused too');
    }
    return verdict;
  }

  /**
   * Gives other endpoints to those workers that run the snapshot they are meant for, and the whole snapshot to the rest. They hold whatever a
   * worker answers: a copy that is gone cannot be had back. @param snapshot the same with the new endpoints, for who comes later
   */
  async distributeEndpoints(snapshot: SnapshotMessage, changes: EndpointsMessage): Promise<void> {
    this.#current = this.#leased(snapshot);
    const { expiresAtMs } = this.#current;
    const verdict = await this.#send(this.#current, { ...changes, expiresAtMs });
    if (verdict.ok) return;
    // It was just taking another one, or has been started anew.
    const whole = await this.#send(this.#current);
    if (!whole.ok) this.#ports.log.error({ worker: whole.worker, reason: whole.reason }, 'the endpoints of now were refused');
  }

  /** Takes a snapshot as the one in force without asking anybody: after a restart of control, workers still run it. */
  resume(snapshot: SnapshotMessage): void {
    this.#current = this.#leased(snapshot);
    for (const peer of this.#peers.values()) this.#write(peer.socket, this.#composed(this.#current));
  }

  renewLeases(): void {
    if (!this.#current) return;
    this.#current = this.#leased(this.#current);
    for (const { socket } of this.#peers.values()) this.#write(socket, { type: 'lease', expiresAtMs: this.#current.expiresAtMs });
  }

  /** Asks all workers for a report now. */
  askReports(): void {
    for (const { socket } of this.#peers.values()) this.#write(socket, { type: 'report-now' });
  }

  async close(): Promise<void> {
    clearInterval(this.#leaseTimer);
    for (const come of this.#expected) come();
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #leased(snapshot: SnapshotMessage): SnapshotMessage {
    return { ...snapshot, expiresAtMs: this.#ports.clock.nowMs() + (this.#ports.leaseMs ?? LEASE_MS) };
  }

  #composed(snapshot: SnapshotMessage): FromControl {
    return { ...snapshot, ...this.#ports.trust() };
  }

  #send(snapshot: SnapshotMessage, changes?: EndpointsMessage): Promise<Verdict> {
    const open = new Set(this.#peers.keys());
    if (open.size === 0) return Promise.resolve({ ok: true });
    return new Promise((resolve) => {
      const finish = (verdict: Verdict): void => {
        clearTimeout(timer);
        this.#waiting.delete(answer);
        resolve(verdict);
      };
      const timer = setTimeout(
        () => finish({ ok: false, worker: [...open].join(', '), reason: 'no answer in time' }),
        this.#ports.ackTimeoutMs ?? ACK_TIMEOUT_MS,
      );
      const answer = (name: string, version: string, reason: string | undefined): boolean => {
        // '' stands for a worker that left.
        if (version !== '' && version !== snapshot.version) return false;
        if (!open.delete(name)) return false;
        if (reason !== undefined) finish({ ok: false, worker: name, reason });
        else if (open.size === 0) finish({ ok: true });
        return true;
      };
      this.#waiting.add(answer);
      let whole: FromControl | undefined;
      for (const { socket, version } of this.#peers.values())
        this.#write(socket, changes && version === changes.from ? changes : (whole ??= this.#composed(snapshot)));
    });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const splitter = new LineSplitter(LINE_BYTES_MAX);
    let peer: Peer | undefined;
    const refuse = (why: string): void => {
      this.#ports.log.warn({ worker: peer?.name ?? '', why }, 'control connection closed');
      socket.destroy();
    };
    const helloTimer = setTimeout(() => refuse('no hello in time'), HELLO_TIMEOUT_MS);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(helloTimer);
      this.#sockets.delete(socket);
      if (peer) this.#leave(peer);
    });
    socket.on('data', (chunk: Buffer) => {
      const lines = splitter.push(chunk);
      if (!lines) return refuse('line too long');
      for (const line of lines) {
        if (socket.destroyed) return;
        const message = parseFromWorker(line);
        if (!message) return refuse('malformed message');
        if (peer) {
          if (message.type === 'hello') return refuse('second hello');
          this.#handle(peer, message);
        } else {
          if (message.type !== 'hello' || !this.#tokenIsRight(message.name, message.token)) return refuse('wrong token');
          clearTimeout(helloTimer);
          peer = this.#join(socket, message.name, message.pid);
        }
      }
    });
  }

  #join(socket: Socket, name: string, pid: number): Peer {
    // The same worker again (its old connection may be half dead): the newer one holds.
    this.#peers.get(name)?.socket.destroy();
    const csrRefilledMs = this.#ports.clock.monotonicMs();
    const peer: Peer = {
      socket,
      name,
      pid,
      version: '',
      trustVersion: 0,
      trustFault: '',
      csrTokens: CSR_BURST,
      csrRefilledMs,
      signing: Promise.resolve(),
    };
    this.#peers.set(name, peer);
    for (const come of this.#expected) come();
    if (this.#current) this.#write(socket, this.#composed(this.#current));
    this.#ports.log.debug({ worker: name, pid }, 'worker connected');
    return peer;
  }

  #leave(peer: Peer): void {
    if (this.#peers.get(peer.name) !== peer) return;
    this.#peers.delete(peer.name);
    this.#gone.set(peer.name, { ...viewOf(peer), connected: false });
    for (const look of this.#trusting) look();
    for (const answer of this.#waiting) answer(peer.name, '', undefined);
    this.#ports.log.info({ worker: peer.name, pid: peer.pid }, 'worker disconnected');
  }

  #handle(peer: Peer, message: Exclude<FromWorker, { readonly type: 'hello' }>): void {
    switch (message.type) {
      case 'ack':
        peer.version = message.version;
        this.#tookTrust(peer, message.trustVersion, '');
        for (const answer of this.#waiting) answer(peer.name, message.version, undefined);
        return;
      case 'nack': {
        const asked = [...this.#waiting].filter((answer) => answer(peer.name, message.version, message.reason));
        if (asked.length === 0) this.#ports.onLateNack(peer.name, message.version, message.reason);
        return;
      }
      case 'trust-ack':
        this.#tookTrust(peer, message.trustVersion, '');
        return;
      case 'trust-nack':
        this.#ports.log.error({ worker: peer.name, reason: message.reason }, 'worker did not take the trust state');
        this.#tookTrust(peer, peer.trustVersion, message.reason);
        return;
      case 'csr':
        // One after the other, so that answers for one identity come in the order of their requests.
        peer.signing = peer.signing.then(() => this.#sign(peer, message.identity, message.csrPem));
        return;
      case 'report':
        // Only about itself.
        if (message.report.name === peer.name) this.#ports.onReport({ ...message.report, pid: peer.pid });
        return;
    }
  }

  #tookTrust(peer: Peer, trustVersion: number, fault: string): void {
    peer.trustVersion = trustVersion;
    peer.trustFault = fault;
    for (const look of this.#trusting) look();
  }

  async #sign(peer: Peer, identity: string, csrPem: string): Promise<void> {
    let answer: SvidAnswer;
    if (peer.socket.destroyed) return;
    if (!this.#mayAsk(peer)) answer = { ok: false, reason: 'too many requests' };
    else {
      try {
        answer = await this.#ports.onCsr(peer.name, identity, csrPem);
      } catch (error) {
        this.#ports.log.error({ err: error, worker: peer.name, identity }, 'certificate request failed');
        answer = { ok: false, reason: 'the certificate authority failed' };
      }
    }
    if (answer.ok) this.#write(peer.socket, { type: 'svid', identity, chainPem: answer.chainPem });
    else this.#write(peer.socket, { type: 'svid-refused', identity, reason: answer.reason });
  }

  #mayAsk(peer: Peer): boolean {
    const nowMs = this.#ports.clock.monotonicMs();
    peer.csrTokens = Math.min(CSR_BURST, peer.csrTokens + ((nowMs - peer.csrRefilledMs) / 1000) * CSR_PER_SECOND);
    peer.csrRefilledMs = nowMs;
    if (peer.csrTokens < 1) return false;
    peer.csrTokens -= 1;
    return true;
  }

  #write(socket: Socket, message: FromControl): void {
    if (socket.destroyed) return;
    if (socket.writableLength > SEND_BYTES_MAX) socket.destroy();
    else socket.write(`${JSON.stringify(message)}\n`);
  }

  #hash(token: string): Buffer {
    return createHash('sha256').update(this.#hashSalt).update(token).digest();
  }

  /** Takes the same time for a wrong token and an unknown name. */
  #tokenIsRight(name: string, token: string): boolean {
    const wanted = this.#tokenHashes.get(name);
    const same = timingSafeEqual(this.#hash(token), wanted ?? this.#hashSalt);
    return same && wanted !== undefined;
  }
}

function viewOf({ name, pid, version, trustVersion, trustFault }: Peer): WorkerView {
  return { name, pid, connected: true, version, trustVersion, trustFault };
}
