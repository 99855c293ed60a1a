// An origin that reads requests as a careless server would: odd spacing, case and control bytes around the framing fields are forgiven. Whatever a
// proxy lets through that two servers could read in two ways, it reads in the worse one.
import type { Socket } from 'node:net';

export interface OriginRequest {
  readonly line: string;
  /** Fields of the head as received. */
  readonly fields: readonly string[];
}

/** Answers each request it sees, and tells of it. */
export function carelessOrigin(onRequest: (request: OriginRequest) => void): (socket: Socket) => void {
  return (socket) => {
    let unread = '';
    socket.on('data', (chunk) => {
      unread += chunk.toString('latin1');
      for (let size = requestSize(unread); size > 0; size = requestSize(unread)) {
        const [line = '', ...fields] = unread.slice(0, unread.indexOf('\r\n\r\n')).split(/\r?\n/);
        onRequest({ line, fields });
        unread = unread.slice(size);
        const head = line.startsWith('HEAD ');
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${head ? '' : 'OK'}`);
      }
    });
  };
}

/** Value of the first field whose name, stripped of all that is no letter, digit or hyphen, is `name`. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  return fields
    .find(
      (line) =>
        line
          .toLowerCase()
          .split(':')[0]!
          .replaceAll(/[^a-z0-9-]/g, '') === name,
    )
    ?.replace(/^[^:]*:/, '')
    .trim();
}

/** Length of the first whole request in `text`, 0 when it is not whole. */
function requestSize(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4) return 0;
  const fields = text.slice(0, headEnd).split(/\r?\n/);
  if (fieldOf(fields, 'transfer-encoding')?.toLowerCase().includes('chunked') === true) {
    return chunksEnd(text, headEnd);
  }
  const size = headEnd + (Number.parseInt(fieldOf(fields, 'content-length') ?? '0', 10) || 0);
  return size <= text.length ? size : 0;
}

/** Behind the last chunk, 0 when it is not there. Sizes are read as `parseInt` reads them. */
function chunksEnd(text: string, start: number): number {
  for (let at = start; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return 0;
    const size = Number.parseInt(text.slice(at, lineEnd), 16) || 0;
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', lineEnd);
      return end === -1 ? 0 : end + 4;
    }
    at = lineEnd + 2 + size + 2;
  }
}
