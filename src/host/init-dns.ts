// Names inside a workload's network, as a cluster's DNS gives them (RFC 1035; one question a message, A and PTR records, UDP).
// Only the mesh's own names exist. Programs that read /etc/hosts never come here.
import { createSocket } from 'node:dgram';

const PORT = 53;
const TTL_S = 5;
const TYPE = { A: 1, PTR: 12, AAAA: 28, ANY: 255 } as const;
const RCODE = { none: 0, format: 1, noName: 3, notImplemented: 4, refused: 5 } as const;
const HEADER_BYTES = 12;

/** Answers on `ip` from `names` (lower case, no trailing dot -> IPv4), which may change while it runs. Without a socket it stays silent. */
export function serveNames(ip: string, names: ReadonlyMap<string, string>): void {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const reply = answerQuery(query, names);
    if (reply) socket.send(reply, from.port, from.address);
  });
  socket.on('error', (error) => {
    process.stderr.write(`names are answered from /etc/hosts only: ${error.message}\n`);
    socket.close();
  });
  socket.bind(PORT, ip);
}

/** @returns the answer's bytes, or undefined for what is not a query at all */
export function answerQuery(query: Buffer, names: ReadonlyMap<string, string>): Buffer | undefined {
  if (query.length < HEADER_BYTES || query.length > 512 || query[2]! & 0x80) return undefined;
  if (((query[2]! >> 3) & 15) !== 0) return reply(query, HEADER_BYTES, RCODE.notImplemented, []);
  const question = query.readUInt16BE(4) === 1 ? readQuestion(query) : undefined;
  if (!question) return reply(query, HEADER_BYTES, RCODE.format, []);
  const { name, type, kind, end } = question;
  if (kind !== 1) return reply(query, end, RCODE.refused, []);
  const ip = names.get(name);
  if (ip !== undefined) {
    const records = type === TYPE.A || type === TYPE.ANY ? [record(TYPE.A, Buffer.from(ip.split('.').map(Number)))] : [];
    return reply(query, end, RCODE.none, records);
  }
  const back = type === TYPE.PTR ? reverse(name, names) : undefined;
  if (back !== undefined) return reply(query, end, RCODE.none, [record(TYPE.PTR, encodeName(back))]);
  // A name above known ones exists without records of its own (RFC 8020).
  const above = [...names.keys()].some((known) => known.endsWith(`.${name}`));
  return reply(query, end, above ? RCODE.none : RCODE.noName, []);
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
  for (const [candidate, address] of names) if (address === ip && candidate.length > (found?.length ?? 0)) found = candidate;
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
