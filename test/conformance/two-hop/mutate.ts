// Requests bent a little: the ways in which parsers have been made to disagree, at random places, by a seed.

/** A request on the wire, one character a byte. */
type Bytes = string;
type Mutation = (bytes: Bytes, pick: <T>(all: readonly T[]) => T) => Bytes;

/** Requests without a fault, to be bent. */
export const GOOD = [
  'GET /a?b=c HTTP/1.1\r\nHost: localhost:8080\r\nX-One: 1\r\n\r\n',
  'POST /b HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 5\r\n\r\nhello',
  'POST /c HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\n\r\n',
  'PUT /d HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 49\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost:8080\r\n\r\n',
  'GET http://localhost:8080/e HTTP/1.1\r\nHost: localhost:8080\r\nConnection: x-one\r\nX-One: 1\r\n\r\n',
  'POST /f HTTP/1.1\r\nHost: localhost:8080\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
  'GET /g HTTP/1.1\r\nHost: localhost:8080\r\nCookie: a=1; b=2\r\nAuthorization: Basic eA==\r\nConnection: keep-alive\r\n\r\n',
  'POST /h HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n',
  'HEAD /i HTTP/1.1\r\nHost: localhost:8080\r\n\r\nGET /i2 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n',
  'GET /j HTTP/1.0\r\nHost: localhost:8080\r\nConnection: keep-alive\r\n\r\n',
] as const;

const BLANKS = [' ', '\t', '\x0b', '\x0c', '\0', '\xa0', '\x85', '\r', '\n', '\x7f', '\x1f'] as const;
const SECOND = 'GET /smuggled HTTP/1.1\r\nHost: localhost:8080\r\n\r\n';
const FRAMING = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\tchunked',
  'transfer-encoding: CHUNKED',
  'Transfer_Encoding: chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Content-Length: 0',
  'Content-Length: 4',
  'Content-Length: +4',
  'Content-Length: 4, 4',
  'Content-Length: 0x4',
  'Content_Length: 4',
  'Content-Length: 99999999999999999999',
  'Connection: content-length',
  'Connection: transfer-encoding, x-request-id',
  'Connection: upgrade',
  'Upgrade: h2c',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'X-Request-Id: forged',
  'X-Original-URL: /smuggled',
  'X-HTTP-Method-Override: DELETE',
  'Host: other',
  'Trailer: content-length',
] as const;
const TARGETS = [
  '/smuggled',
  '//smuggled',
  '/./smuggled',
  '/x/../smuggled',
  '/x/%2e%2e/smuggled',
  '/x/..%2fsmuggled',
  '/x\\..\\smuggled',
  '/%73muggled',
  '/smuggled%00',
  '/smuggled;a=b',
  '/smuggled#x',
  '/x?/../smuggled',
  'http://localhost:8080/smuggled',
  'http://other/smuggled',
  '*',
  'smuggled',
] as const;

/** `at` of a random occurrence of `part`, -1 when there is none. */
function placeOf(bytes: Bytes, part: string, pick: <T>(all: readonly T[]) => T): number {
  const places: number[] = [];
  for (let at = bytes.indexOf(part); at !== -1 && places.length < 64; at = bytes.indexOf(part, at + 1)) places.push(at);
  return places.length === 0 ? -1 : pick(places);
}

const insert = (bytes: Bytes, at: number, text: string, cut = 0): Bytes => bytes.slice(0, at) + text + bytes.slice(at + cut);
const anywhere = (bytes: Bytes, pick: <T>(all: readonly T[]) => T): number =>
  Math.floor((pick(PARTS) / 1024) * Math.min(bytes.length, 600));
const PARTS = Array.from({ length: 1024 }, (_, i) => i);
const headLines = (bytes: Bytes): string[] => bytes.slice(0, Math.max(0, bytes.indexOf('\r\n\r\n'))).split('\r\n');

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  case: (bytes, pick) => {
    const at = anywhere(bytes, pick);
    const end = at + 12;
    const part = bytes.slice(at, end);
    return insert(bytes, at, part === part.toUpperCase() ? part.toLowerCase() : part.toUpperCase(), 12);
  },
  blank: (bytes, pick) => insert(bytes, anywhere(bytes, pick), pick(BLANKS)),
  'blank at a mark': (bytes, pick) => {
    const at = placeOf(bytes, pick([':', '\r\n', ' ', ',', ';']), pick);
    return at === -1 ? bytes : insert(bytes, at + pick([0, 1]), pick(BLANKS));
  },
  'line end': (bytes, pick) => {
    const at = placeOf(bytes, '\r\n', pick);
    return at === -1 ? bytes : insert(bytes, at, pick(['\n', '\r', '\n\r', '\r\r\n', '\r\n ', '\r\n\t', '']), 2);
  },
  'repeat a line': (bytes, pick) => {
    const lines = headLines(bytes);
    if (lines.length < 2) return bytes + bytes;
    const line = pick(lines.slice(1));
    return bytes.replace('\r\n\r\n', () => `\r\n${line}\r\n\r\n`);
  },
  'add framing': (bytes, pick) => {
    const at = placeOf(bytes.slice(0, Math.max(2, bytes.indexOf('\r\n\r\n') + 2)), '\r\n', pick);
    return at === -1 ? bytes : insert(bytes, at + 2, `${pick(FRAMING)}\r\n`);
  },
  'drop a line': (bytes, pick) => {
    const lines = headLines(bytes);
    return lines.length < 2 ? bytes : bytes.replace(`${pick(lines.slice(1))}\r\n`, '');
  },
  truncate: (bytes, pick) => bytes.slice(0, anywhere(bytes, pick)),
  'cut out': (bytes, pick) => insert(bytes, anywhere(bytes, pick), '', pick([1, 2, 3, 5, 9])),
  'second request': (bytes) => bytes + SECOND,
  'second in front': (bytes, pick) => pick(['\r\n', '\n', ' ', '']) + bytes,
  target: (bytes, pick) => bytes.replace(/^(\S+ )\S+/, (_, method: string) => method + pick(TARGETS)),
  version: (bytes, pick) =>
    bytes.replace(/HTTP\/1\.1/, pick(['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.1 ', 'HTTP/0.9'])),
  'chunked body': (bytes, pick) => {
    const size = pick([
      '5',
      '05',
      '5;x',
      '5 ',
      ' 5',
      '+5',
      '-5',
      '0x5',
      '5\t',
      'FFFFFFFFFFFFFFFFFF5',
      '5;',
      '5;a="\r\n"',
      '5\n',
      '5_0',
      '',
    ]);
    const end = pick(['\r\n', '\n', '', 'X\r\n', '\r']);
    const last = pick(['0\r\n\r\n', '0\r\nContent-Length: 9\r\n\r\n', '00\r\n\r\n', '0\n\n', '0\r\n', '0;x\r\n\r\n']);
    return `POST /chunks HTTP/1.1\r\nHost: localhost:8080\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nhello${end}${last}${SECOND}${bytes.slice(0, 0)}`;
  },
  length: (bytes, pick) =>
    bytes.replace(/(content-length: *)(\d+)/i, (_, name: string, digits: string) => {
      const length = Number(digits);
      return (
        name +
        pick([
          `${length + 1}`,
          `${Math.max(0, length - 1)}`,
          `0${length}`,
          `+${length}`,
          `${length}, ${length}`,
          `${length} `,
          `0x${length}`,
          '0',
        ])
      );
    }),
};

const NAMES = Object.keys(MUTATIONS);

/**
 * One to three mutations of a request.
 * @param random numbers in [0, 1)
 * @returns its bytes, and what was done
 */
export function mutate(bytes: string, random: () => number): { readonly bytes: string; readonly done: string } {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const done: string[] = [];
  let text = bytes;
  for (let left = pick([1, 1, 1, 2, 3]); left > 0; left--) {
    const name = pick(NAMES);
    text = MUTATIONS[name]!(text, pick);
    done.push(name);
  }
  return { bytes: text, done: done.join(', ') };
}
