import type { Socket } from 'node:net';

/** `none`: it is ready when it runs. */
export type Readiness = { readonly kind: 'none' } | { readonly kind: 'tcp' } | { readonly kind: 'http'; readonly path: string };

export const PROBE_TIMEOUT_MS = 1000;
/** Longest head of an answer that a probe reads; the status line is at its beginning. */
const HEAD_BYTES_MAX = 1024;

/**
 * One look at whether a program serves: it accepts a connection, or answers GET with 200 to 399 (Kubernetes probe semantics).
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
      const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(head)?.[1];
      if (status) done(status >= '200' && status < '400' ? undefined : `GET ${readiness.path} answered ${status}`);
      else if (head.length >= HEAD_BYTES_MAX || (head.includes('\n') && !status)) done('the answer is not HTTP/1');
    });
    const path = readiness.path.startsWith('/') ? readiness.path : `/${readiness.path}`;
    socket.write(
      `GET ${path.replace(/[\r\n ]/g, '')} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: cullis-probe\r\nConnection: close\r\n\r\n`,
    );
  });
}
