import type { Socket } from 'node:net';

/** `none`: it is ready when it runs. `postgres`: it takes a session of this role, which it refuses for a while after it has begun to listen. */
export type Readiness =
  | { readonly kind: 'none' }
  | { readonly kind: 'tcp' }
  | { readonly kind: 'postgres'; readonly user: string; readonly database: string }
  | { readonly kind: 'http'; readonly path: string };

export const PROBE_TIMEOUT_MS = 1000;
/** Longest head of an answer that a probe reads; what it looks for is at its beginning. */
const HEAD_BYTES_MAX = 1024;

/** What a probe says, and what it makes of the answer so far: undefined while it says too little. */
interface Dialogue {
  readonly greeting: string | Buffer;
  readonly judge: (head: string) => { readonly why: string | undefined } | undefined;
}

/**
 * One look at whether a program serves: it accepts a connection, answers GET with 200 to 399 (Kubernetes probe semantics), or takes a session.
 * @param connect opens a connection to it; the socket is closed here
 * @returns undefined when it does, else why not
 */
export async function probe(readiness: Readiness, connect: () => Promise<Socket>, host: string): Promise<string | undefined> {
  if (readiness.kind === 'none') return undefined;
  let socket: Socket;
  try {
    socket = await connect();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'nothing listens' : (error as Error).message;
  }
  if (readiness.kind === 'tcp') {
    socket.destroy();
    return undefined;
  }
  return await talk(
    socket,
    readiness.kind === 'http' ? http(readiness.path, host) : postgres(readiness.user, readiness.database),
  );
}

async function talk(socket: Socket, { greeting, judge }: Dialogue): Promise<string | undefined> {
  return await new Promise((resolve) => {
    let head = '';
    const done = (why: string | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => done(`no answer in ${PROBE_TIMEOUT_MS} ms`), PROBE_TIMEOUT_MS);
    socket.on('error', (error) => done(error.message));
    socket.on('close', () => done('the connection closed before an answer'));
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1', 0, HEAD_BYTES_MAX);
      const verdict = judge(head);
      if (verdict) done(verdict.why);
      else if (head.length >= HEAD_BYTES_MAX) done('the answer is too long');
    });
    socket.write(greeting);
  });
}

function http(asked: string, host: string): Dialogue {
  const path = asked.startsWith('/') ? asked : `/${asked}`;
  return {
    greeting: `GET ${path.replace(/[\r\n ]/g, '')} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: cullis-probe\r\nConnection: close\r\n\r\n`,
    judge(head) {
      const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head)?.[1];
      if (status) return { why: status >= '200' && status < '400' ? undefined : `GET ${asked} answered ${status}` };
      return head.includes('\n') || head.length >= HEAD_BYTES_MAX ? { why: 'the answer is not HTTP/1' } : undefined;
    },
  };
}

/** Begins a session with a StartupMessage of protocol 3.0 (PostgreSQL, "Message Formats"), and leaves at the first answer. */
function postgres(user: string, database: string): Dialogue {
  const greeting = Buffer.from(`\0\0\0\0\0\x03\0\0user\0${user}\0database\0${database}\0\0`, 'utf8');
  greeting.writeInt32BE(greeting.length, 0);
  return { greeting, judge: judgePostgres };
}

function judgePostgres(head: string): ReturnType<Dialogue['judge']> {
  // `R` asks for a password or lets in. An error is about this session, unless it is 57P03, cannot_connect_now.
  if (head[0] === 'R') return { why: undefined };
  if (head[0] !== 'E') return { why: 'the answer is not PostgreSQL' };
  const code = /\0C([0-9A-Z]{5})\0/.exec(head)?.[1];
  return code === undefined ? undefined : { why: code === '57P03' ? 'the database system is starting up' : undefined };
}
