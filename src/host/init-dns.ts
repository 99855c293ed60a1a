// Names inside a workload's network, as a cluster's DNS gives them (RFC 1035; one question a message, A and PTR records, UDP).
// Only the mesh's own names and the hosts that it lets out exist. Programs that read /etc/hosts never come here.
import { createSocket } from 'node:dgram';

const PORT = 53;
const TTL_S = 5;
const TYPE = { A: 1, PTR: 12, AAAA: 28, ANY: 255 } as const;
const RCODE = { none: 0, format: 1, noName: 3, notImplemented: 4, refused: 5 } as const;
const HEADER_BYTES = 12;
/** What a cluster's own names end in: never answered by the wildcard for everything else. */
const OWN = /(?:^|\.)(?:cluster\.local|arpa|localhost)$/;
/** Look-ups a second that are answered, and how many may come at once. */
const RATE = { aSecond: 500, atOnce: 1000 };
const TELL_EVERY_MS = 1000;
/** Different look-ups that are told apart within that time. */
const TOLD_MAX = 200;

/** Look-ups of one name, gathered. */
export interface Query {
  readonly name: string;
  readonly type: number;
  /** `known`: answered. `unknown`: there is no such name. `limited`: not answered. */
  readonly answer: 'known' | 'unknown' | 'limited';
  count: number;
}

/**
 * Answers on `ip` from `names` (lower case, no trailing dot, `*.example.com` and `*` as wildcards -> IPv4), which may change while it runs. Without a socket it
 * stays silent.
 * @param tell what was asked for, about once a second
 */
export function serveNames(ip: string, names: ReadonlyMap<string, string>, tell: (queries: readonly Query[]) => void): void {
  const socket = createSocket('udp4');
  const log = new QueryLog(tell);
  let allowance = RATE.atOnce;
  let lastMs = performance.now();
  socket.on('message', (query, from) => {
    const nowMs = performance.now();
    allowance = Math.min(RATE.atOnce, allowance + ((nowMs - lastMs) * RATE.aSecond) / 1000);
    lastMs = nowMs;
    if (allowance < 1) return log.add('', 0, 'limited');
    allowance--;
    const reply = answerQuery(query, names, (name, type, known) => log.add(name, type, known ? 'known' : 'unknown'));
    if (reply) socket.send(reply, from.port, from.address);
  });
  socket.on('error', (error) => {
    process.stderr.write(`names are answered from /etc/hosts only: ${error.message}\n`);
    socket.close();
  });
  socket.bind(PORT, ip);
}

/** Gathers what is asked for, so that a flood of look-ups is no flood of messages. */
class QueryLog {
  readonly #tell: (queries: readonly Query[]) => void;
  #seen = new Map<string, Query>();
  #waiting = false;

  constructor(tell: (queries: readonly Query[]) => void) {
    this.#tell = tell;
  }

  add(name: string, type: number, answer: Query['answer']): void {
    const key = `${name} ${type} ${answer}`;
    const known = this.#seen.get(key);
    if (known) known.count++;
    else if (this.#seen.size < TOLD_MAX) this.#seen.set(key, { name, type, answer, count: 1 });
    else if (answer !== 'limited') return this.add('', 0, 'limited');
    if (this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      const queries = [...this.#seen.values()];
      this.#seen = new Map();
      this.#tell(queries);
    }, TELL_EVERY_MS);
  }
}

/** @param seen told the name of a query that could be read, and whether it is known @returns the answer's bytes, or undefined for what is not a query at all */
export function answerQuery(
  query: Buffer,
  names: ReadonlyMap<string, string>,
  seen?: (name: string, type: number, known: boolean) => void,
): Buffer | undefined {
  if (query.length < HEADER_BYTES || query.length > 512 || query[2]! & 0x80) return undefined;
  if (((query[2]! >> 3) & 15) !== 0) return reply(query, HEADER_BYTES, RCODE.notImplemented, []);
  const question = query.readUInt16BE(4) === 1 ? readQuestion(query) : undefined;
  if (!question) return reply(query, HEADER_BYTES, RCODE.format, []);
  const { name, type, kind, end } = question;
  if (kind !== 1) return reply(query, end, RCODE.refused, []);
  const ip = addressOf(name, names);
  if (ip !== undefined) {
    seen?.(name, type, true);
    const records = type === TYPE.A || type === TYPE.ANY ? [record(TYPE.A, Buffer.from(ip.split('.').map(Number)))] : [];
    return reply(query, end, RCODE.none, records);
  }
  const back = type === TYPE.PTR ? reverse(name, names) : undefined;
  if (back !== undefined) seen?.(name, type, true);
  if (back !== undefined) return reply(query, end, RCODE.none, [record(TYPE.PTR, encodeName(back))]);
  // A name above known ones exists without records of its own (RFC 8020).
  const above = [...names.keys()].some((known) => known.endsWith(`.${name}`));
  seen?.(name, type, above);
  return reply(query, end, above ? RCODE.none : RCODE.noName, []);
}

/** The name itself, else the longest wildcard above it, else the one for everything that is not the mesh's own. */
function addressOf(name: string, names: ReadonlyMap<string, string>): string | undefined {
  const exact = name.includes('*') ? undefined : names.get(name);
  if (exact !== undefined) return exact;
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const found = names.get(`*${name.slice(dot)}`);
    if (found !== undefined) return found;
  }
  return name.includes('.') && !OWN.test(name) ? names.get('*') : undefined;
}

function readQuestion(query: Buffer): { name: string; type: number; kind: number; end: number } | undefined {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const size = query[at];
    if (size === undefined || size > 63 || at + 1 + size > query.length) return undefined;
    at++;
    if (size === 0) break;
    labels.push(query.toString('latin1', at, at + size).toLowerCase());
    at += size;
  }
  if (at + 4 > query.length || at - HEADER_BYTES > 255) return undefined;
  return { name: labels.join('.'), type: query.readUInt16BE(at), kind: query.readUInt16BE(at + 2), end: at + 4 };
}

function reverse(name: string, names: ReadonlyMap<string, string>): string | undefined {
  if (!name.endsWith('.in-addr.arpa')) return undefined;
  const ip = name.slice(0, -'.in-addr.arpa'.length).split('.').toReversed().join('.');
  // The longest name is the full one.
  let found: string | undefined;
  for (const [candidate, address] of names)
    if (address === ip && !candidate.startsWith('*') && candidate.length > (found?.length ?? 0)) found = candidate;
  return found;
}

/** Its name is a pointer to the question's (RFC 1035 section 4.1.4). */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(TTL_S, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encodeName(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
    Buffer.alloc(1),
  ]);
}

function reply(query: Buffer, questionEnd: number, code: number, records: readonly Buffer[]): Buffer {
  const head = Buffer.from(query.subarray(0, questionEnd));
  // QR, AA, the query's opcode and RD; RA, so that stub resolvers do not complain.
  head[2] = 0x84 | (query[2]! & 0x79);
  head[3] = 0x80 | code;
  head.writeUInt16BE(questionEnd > HEADER_BYTES ? 1 : 0, 4);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...records]);
}
