// How a proxy worker gets sockets out of namespaces: it asks the supervisor over its IPC channel, the supervisor asks the namespace's
// init, and the handle travels back through both. The worker then accepts, reads and writes natively; no byte is relayed.
import type { ChildProcess } from 'node:child_process';
import { type Server, type Socket, createServer } from 'node:net';
import { CullisError, messageOf } from '#base/errors.ts';
import type { WorkloadNamespace } from './namespaces.ts';
import { connectTo } from './process.ts';
import { type RawHandle, bindRaw, listenOn, sendRaw, socketFrom } from './raw.ts';

export interface SocketAddress {
  readonly ip: string;
  readonly port: number;
  /** Workload id whose namespace is meant; absent: the machine itself. */
  readonly namespaceOf?: string;
}

export interface OpenListener {
  readonly ip: string;
  readonly port: number;
  /** Stops accepting; open connections go on. */
  close(): Promise<void>;
}

/** The shape of the proxy's network port. */
export interface HandleNetwork {
  listen(address: SocketAddress, onConnection: (socket: Socket) => void): Promise<OpenListener>;
  connect(address: SocketAddress, timeoutMs: number): Promise<Socket>;
}

export interface HandleSource {
  namespaceOf(workload: string): WorkloadNamespace | undefined;
  /**
   * Whether the worker may have this address. It reads hostile bytes, so it is not simply believed; a worker's plan says what it needs.
   * Without it: namespaces yes, the machine's own network no.
   */
  allow?(op: 'listen' | 'connect', address: SocketAddress): boolean;
  /** A socket on the machine itself that is bound here and stays so when the worker ends; the worker gets a copy of it. */
  held?(ip: string, port: number): RawHandle | undefined;
}

interface Ask {
  readonly cullis: 'handle';
  readonly op: 'listen' | 'connect' | 'close';
  readonly id: number;
  readonly address: SocketAddress;
  readonly timeoutMs: number;
}
interface Answer {
  readonly cullis: 'handle';
  readonly id: number;
  readonly error?: string;
  readonly code?: string;
}
/** A namespace was made anew: the handle with this message takes the place of the one given out before. */
interface Renewed {
  readonly cullis: 'handle';
  readonly renewed: SocketAddress;
}

/** Requests of one worker under way at a time; more are refused. */
const PENDING_MAX = 4096;
const ANSWER_TIMEOUT_MS = 20_000;

/** The supervisor's side: answers a worker's requests until it exits. Other messages on the channel are left alone. @returns stops answering */
export function serveHandles(child: ChildProcess, source: HandleSource): () => void {
  let pending = 0;
  /** What to undo per namespace when the worker or its listener goes: `workload` -> `ip:port` given out. */
  const given = new Map<WorkloadNamespace, { readonly addresses: Set<string>; readonly stop: () => void }>();
  const remember = (namespace: WorkloadNamespace, namespaceOf: string, ip: string, port: number): void => {
    const known = given.get(namespace);
    if (known) return void known.addresses.add(`${ip}:${port}`);
    const addresses = new Set([`${ip}:${port}`]);
    const stop = namespace.onRenewed(async (renewedIp, renewedPort, raw) => {
      const wanted = addresses.has(`${renewedIp}:${renewedPort}`);
      const message: Renewed = { cullis: 'handle', renewed: { ip: renewedIp, port: renewedPort, namespaceOf } };
      if (wanted) await sendRaw(child, message, raw).catch(() => undefined);
      raw.close();
    });
    given.set(namespace, { addresses, stop });
  };
  const onMessage = (message: unknown): void => {
    if (!isAsk(message)) return;
    if (pending >= PENDING_MAX)
      return reply({ cullis: 'handle', id: message.id, error: 'too many requests for sockets', code: 'EAGAIN' });
    pending++;
    answer(message)
      .catch((error: Error & { code?: string; cause?: unknown }) => {
        const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.code ?? '';
        reply({ cullis: 'handle', id: message.id, error: error.message, code });
      })
      .finally(() => pending--);
  };
  const reply = (message: Answer): void => {
    if (child.connected) child.send(message, () => {});
  };
  const answer = async ({ op, id, address, timeoutMs }: Ask): Promise<void> => {
    const { ip, port, namespaceOf } = address;
    const namespace = namespaceOf === undefined ? undefined : source.namespaceOf(namespaceOf);
    if (namespaceOf !== undefined && !namespace) throw new Error(`no namespace of \`${namespaceOf}\``);
    if (op === 'close') {
      if (namespace) given.get(namespace)?.addresses.delete(`${ip}:${port}`);
      await namespace?.closeListener(ip, port);
      return reply({ cullis: 'handle', id });
    }
    const allowed = source.allow ? source.allow(op, address) : namespace !== undefined;
    if (!allowed) throw Object.assign(new Error(`the worker may not ${op} \`${ip}:${port}\``), { code: 'EPERM' });
    if (!namespace && op === 'connect')
      throw Object.assign(new Error('plain connections are opened by the worker'), { code: 'EPERM' });
    const held = namespace ? undefined : source.held?.(ip, port);
    const raw = namespace
      ? await (op === 'listen' ? namespace.openListener(ip, port) : namespace.openConnection(ip, port, timeoutMs))
      : (held ?? bindRaw(ip, port));
    try {
      await sendRaw(child, { cullis: 'handle', id } satisfies Answer, raw);
    } finally {
      if (!held) raw.close();
    }
    if (namespace && namespaceOf !== undefined && op === 'listen') remember(namespace, namespaceOf, ip, port);
  };
  const stop = (): void => {
    child.removeListener('message', onMessage);
    for (const { stop: undo } of given.values()) undo();
    given.clear();
  };
  child.on('message', onMessage);
  child.once('exit', stop);
  return stop;
}

function isAsk(message: unknown): message is Ask {
  if (typeof message !== 'object' || message === null) return false;
  const { cullis, op, id, address, timeoutMs } = message as Partial<Ask>;
  if (
    cullis !== 'handle' ||
    !Number.isSafeInteger(id) ||
    !Number.isFinite(timeoutMs) ||
    typeof address !== 'object' ||
    address === null
  )
    return false;
  const { ip, port, namespaceOf } = address;
  const portFine = Number.isInteger(port) && port >= 0 && port < 65_536;
  return (
    portFine &&
    typeof ip === 'string' &&
    ['string', 'undefined'].includes(typeof namespaceOf) &&
    ['listen', 'connect', 'close'].includes(op!)
  );
}

type Port = Pick<NodeJS.Process, 'on' | 'send' | 'connected'>;

export interface HandleOptions {
  /** Opens what is on the machine itself; the worker's own plain sockets unless given. */
  readonly plain?: HandleNetwork;
  /** Which addresses on the machine itself are asked for too, since they stay bound when this process ends. */
  held?(address: SocketAddress): boolean;
  /** Open connections per listener; one more is closed at once. */
  readonly connectionsMax?: number;
}

interface Waiting {
  readonly resolve: (raw: RawHandle | undefined) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The worker's side. Addresses with `namespaceOf` come from the supervisor; plain ones are opened here, except that a listener which
 * this process may not open (port below 1024) is asked for too.
 * @param port the worker's own `process`
 */
export function handleNetwork(port: Port, options: HandleOptions = {}): HandleNetwork {
  return new WorkerNetwork(port, options);
}

class WorkerNetwork implements HandleNetwork {
  readonly #port: Port;
  readonly #options: HandleOptions;
  readonly #waiting = new Map<number, Waiting>();
  /** Replaces the socket below a listener whose namespace was made anew, by address. */
  readonly #renew = new Map<string, (raw: RawHandle) => Promise<void>>();
  #next = 1;

  constructor(port: Port, options: HandleOptions) {
    this.#port = port;
    this.#options = options;
    port.on('message', (message: unknown, raw: unknown) => this.#receive(message, raw as RawHandle | undefined));
    port.on('disconnect', () => {
      for (const { reject, timer } of this.#waiting.values()) {
        clearTimeout(timer);
        reject(new Error('the supervisor is gone'));
      }
      this.#waiting.clear();
    });
  }

  #receive(message: unknown, raw: RawHandle | undefined): void {
    const { cullis, id, error, code, renewed } = (message ?? {}) as Partial<Answer & Renewed>;
    if (cullis !== 'handle') return;
    if (renewed && raw) {
      const renew = this.#renew.get(keyOf(renewed));
      if (!renew) return raw.close();
      return void renew(raw).catch(() => raw.close());
    }
    const wait = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || !wait) return raw?.close();
    this.#waiting.delete(id);
    clearTimeout(wait.timer);
    if (error === undefined) wait.resolve(raw);
    else wait.reject(Object.assign(new Error(error), { code }));
  }

  async #ask(op: Ask['op'], address: SocketAddress, timeoutMs: number): Promise<RawHandle | undefined> {
    if (!this.#port.connected) throw new Error('the supervisor is gone');
    if (this.#waiting.size >= PENDING_MAX) throw Object.assign(new Error('too many requests for sockets'), { code: 'EAGAIN' });
    const id = this.#next++;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(Object.assign(new Error(`no socket from the supervisor in ${timeoutMs} ms`), { code: 'ETIMEDOUT' }));
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#port.send?.({ cullis: 'handle', op, id, address, timeoutMs } satisfies Ask);
    });
  }

  async listen(address: SocketAddress, onConnection: (socket: Socket) => void): Promise<OpenListener> {
    const { ip, port, namespaceOf } = address;
    if (namespaceOf === undefined) return await this.#listenPlain(address, onConnection);
    let server = this.#server(onConnection);
    await listenOn(server, await this.#asked('listen', address, ANSWER_TIMEOUT_MS));
    this.#renew.set(keyOf(address), async (raw) => {
      const next = this.#server(onConnection);
      await listenOn(next, raw);
      server.close();
      server = next;
    });
    return {
      ip,
      port,
      close: async () => {
        this.#renew.delete(keyOf(address));
        // Its callback waits for open connections, which go on; the listener itself is gone at once.
        server.close();
        await this.#ask('close', address, ANSWER_TIMEOUT_MS).catch(() => undefined);
      },
    };
  }

  async connect(address: SocketAddress, timeoutMs: number): Promise<Socket> {
    if (address.namespaceOf !== undefined) return socketFrom(await this.#asked('connect', address, timeoutMs));
    const { plain } = this.#options;
    return await (plain ? plain.connect(address, timeoutMs) : connectTo(address.ip, address.port, timeoutMs));
  }

  async #asked(op: 'listen' | 'connect', address: SocketAddress, timeoutMs: number): Promise<RawHandle> {
    try {
      const raw = await this.#ask(op, address, timeoutMs);
      if (raw) return raw;
      throw new Error('the supervisor sent no socket');
    } catch (error) {
      const code = op === 'listen' ? 'listen.failed' : 'upstream.unreachable';
      throw new CullisError(code, messageOf(error), { cause: error });
    }
  }

  #server(onConnection: (socket: Socket) => void): Server {
    const server = createServer({ noDelay: true, allowHalfOpen: true, highWaterMark: 64 * 1024 }, onConnection);
    if (this.#options.connectionsMax !== undefined) server.maxConnections = this.#options.connectionsMax;
    // An accept that fails (out of descriptors) is the connection's loss, not the listener's.
    server.on('error', () => {});
    return server;
  }

  async #listenPlain(address: SocketAddress, onConnection: (socket: Socket) => void): Promise<OpenListener> {
    if (this.#options.held?.(address)) return await this.#listenAsked(address, onConnection);
    try {
      if (this.#options.plain) return await this.#options.plain.listen(address, onConnection);
      const server = this.#server(onConnection);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: address.ip, port: address.port, backlog: 1024 }, () => resolve());
      });
      return openListener(server, address);
    } catch (error) {
      const { code, cause } = error as NodeJS.ErrnoException;
      if (code !== 'EACCES' && (cause as NodeJS.ErrnoException | undefined)?.code !== 'EACCES') throw error;
      return await this.#listenAsked(address, onConnection);
    }
  }

  async #listenAsked(address: SocketAddress, onConnection: (socket: Socket) => void): Promise<OpenListener> {
    const server = this.#server(onConnection);
    await listenOn(server, await this.#asked('listen', address, ANSWER_TIMEOUT_MS));
    return openListener(server, address);
  }
}

function openListener(server: Server, { ip, port }: SocketAddress): OpenListener {
  const bound = server.address();
  return {
    ip,
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    close: async () => void server.close(),
  };
}

function keyOf({ ip, port, namespaceOf }: SocketAddress): string {
  return `${namespaceOf} ${ip}:${port}`;
}
