// Client, gateway, sidecar, upstream: the probes and thousands of bent ones go in, and an upstream counts what comes out. Nothing but what both hops
// decided on may arrive: never two requests for one, never another path, and neither hop fails. Between and behind the hops HTTP/1 and HTTP/2.
import { join } from 'node:path';
import { authorizationPolicy, type Mesh, startMesh } from '../../fakes/mesh.ts';
import { carelessOrigin, fieldOf } from '../../fakes/careless-origin.ts';
import { http2App } from '../../fakes/http2.ts';
import { rawServer, sendRaw } from '../../fakes/raw-http.ts';
import { readJsonLines } from '../data.ts';
import { randomFrom } from '../sample.ts';
import type { RowResult, Suite } from '../suite.ts';
import { requestsAtMost } from '../two-hop/bound.ts';
import { frameRows } from '../two-hop/frames.ts';
import { GOOD, mutate } from '../two-hop/mutate.ts';

const SAMPLE = 2000;
const FULL = 20_000;
/** Of HTTP/1 mutations, those that go on as HTTP/2. */
const TO_HTTP2_OF = 4;
const WAIT_MS = 400;
const QUIET_MS = 15;
const AT_ONCE = 32;

interface Row {
  readonly id: string;
  readonly bytes: Buffer;
  /** Requests that the upstream may see. */
  readonly atMost: number;
}

const SMUGGLED = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
/** Bodies of smuggler's probes, and the length that each claims. */
const BODIES = [
  ['TE.CL', '0\r\n\r\nX', 6],
  ['CL.TE', '1\r\nZ\r\n0\r\n\r\n', 4],
  ['two hops', SMUGGLED, SMUGGLED.length],
] as const;

const rowOf = (id: string, bytes: string): Row => ({ id, bytes: Buffer.from(bytes, 'latin1'), atMost: requestsAtMost(bytes) });

interface Seen {
  readonly path: string;
  readonly requestId: string;
  readonly client: string;
}

/** Each row is a client with an address of its own, by which what arrived is told apart. */
const clientOf = (index: number): string => `127.1.${index >> 8}.${index & 255}`;

/** A mesh before an upstream that only counts. Policy refuses `/smuggled`, so that whoever arrives there came past it. */
class Lane {
  readonly seen: Seen[] = [];
  readonly #mesh: Mesh;
  readonly #close: () => Promise<void>;

  private constructor(mesh: Mesh, seen: Seen[], close: () => Promise<void>) {
    this.#mesh = mesh;
    this.seen = seen;
    this.#close = close;
  }

  static async open(http2: boolean): Promise<Lane> {
    const seen: Seen[] = [];
    const note = (target: string, requestId: string, way: string): void =>
      void seen.push({ path: target.replace(/\?.*$/, ''), requestId, client: way.split(',')[0]! });
    const origin = http2
      ? await http2App((stream, headers) => {
          note(headers[':path'] ?? '', String(headers['x-request-id']), String(headers['x-forwarded-for']));
          stream.resume();
          stream.respond({ ':status': 200 });
          stream.end(headers[':method'] === 'HEAD' ? '' : 'OK');
        })
      : await rawServer(
          carelessOrigin(({ line, fields }) =>
            note(line.split(' ')[1] ?? '', fieldOf(fields, 'x-request-id') ?? '', fieldOf(fields, 'x-forwarded-for') ?? ''),
          ),
        );
    const forbidden = authorizationPolicy('no-smuggling', {
      action: 'DENY',
      rules: [{ to: [{ operation: { paths: ['/smuggled*'] } }] }],
    });
    const mesh = await startMesh(origin.port, { http2, authorization: [forbidden] });
    return new Lane(mesh, seen, async () => {
      await mesh.close();
      await origin.close();
    });
  }

  /** Sends all rows, some at once, each on a connection of its own. @returns why a row failed by its own answer */
  async send(rows: readonly Row[]): Promise<RowResult[]> {
    const results: RowResult[] = [];
    const queue = rows.entries();
    const work = async (): Promise<void> => {
      for (const [i, row] of queue) {
        const { text } = await sendRaw(this.#mesh.gateway, row.bytes, WAIT_MS, QUIET_MS, clientOf(i));
        const broken = text.startsWith('HTTP/1.1 500 ');
        results.push({ id: row.id, pass: !broken, ...(broken && { why: 'the gateway answered 500' }) });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return results;
  }

  /** What arrived, held against what was decided. A request that arrived has one event of each hop, under its id and with its path. */
  judge(rows: readonly Row[]): RowResult[] {
    const faults: string[] = [];
    const decided = new Map<string, string>();
    for (const event of this.#mesh.seen.events)
      if (event.type === 'exchange' && event.allowed) decided.set(`${event.role} ${event.requestId}`, event.path);
    const arrived = new Set<string>();
    for (const { path, requestId } of this.seen) {
      if (path.startsWith('/smuggled')) faults.push(`\`${path}\` arrived`);
      if (arrived.has(requestId)) faults.push(`\`${path}\` arrived twice`);
      arrived.add(requestId);
      for (const role of ['gateway', 'sidecar-in'])
        if (decided.get(`${role} ${requestId}`) !== path)
          faults.push(`\`${path}\` arrived, and the ${role} decided on \`${decided.get(`${role} ${requestId}`) ?? 'nothing'}\``);
    }
    const counts = Map.groupBy(this.seen, ({ client }) => client);
    for (const [i, { id, atMost, bytes }] of rows.entries()) {
      const paths = counts.get(clientOf(i))?.map(({ path }) => path) ?? [];
      if (paths.length > atMost) faults.push(`${id}: ${paths.join(', ')} arrived of ${JSON.stringify(bytes.toString('latin1'))}`);
    }
    for (const { level, message, fields } of this.#mesh.seen.logs)
      if (level === 'error') faults.push(`${message}: ${JSON.stringify(fields)}`);
    return faults.map((why, i) => ({ id: `(upstream ${i})`, pass: false, why }));
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** All rows of one hop; what failed at the upstream is looked for row by row only when something did. */
async function runLane(http2: boolean, rows: readonly Row[], name: string): Promise<RowResult[]> {
  const lane = await Lane.open(http2);
  try {
    const whole = [...rows, rowOf('afterwards', 'GET /afterwards HTTP/1.1\r\nHost: localhost:8080\r\n\r\n')];
    const results = [...(await lane.send(whole)), ...lane.judge(whole)];
    // Most rows are refused; where none arrived, nothing was shown.
    if (lane.seen.length < rows.length / 20)
      results.push({ id: '(all)', pass: false, why: `only ${lane.seen.length} requests arrived` });
    if (!lane.seen.some(({ path }) => path === '/afterwards'))
      results.push({ id: 'afterwards', pass: false, why: 'nothing is served any more' });
    return results.map((result) => ({ ...result, id: `${name} ${result.id}` }));
  } finally {
    await lane.close();
  }
}

export const suite = {
  name: 'two-hop',
  needs: 'dataplane/smuggler.jsonl',
  long: true,
  async run({ dir, full, seed }) {
    const probes = readJsonLines<{ id: string; raw: string }>(join(dir, 'dataplane/h11probe.jsonl'));
    const smuggler = readJsonLines<{ id: string; headerLines: string }>(join(dir, 'dataplane/smuggler.jsonl'));
    const latin1 = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1');
    const rows = [
      ...probes.map(({ id, raw }) => rowOf(id, latin1(raw))),
      ...smuggler.flatMap(({ id, headerLines }) =>
        BODIES.map(([name, body, length]) =>
          rowOf(
            `${id} ${name}`,
            `POST /x HTTP/1.1\r\n${latin1(headerLines)}\r\nHost: localhost:8080\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n${body}`,
          ),
        ),
      ),
    ];
    const random = randomFrom(seed);
    const mutated = Array.from({ length: full ? FULL : SAMPLE }, (_, i) => {
      const good = i % 2 === 0 ? GOOD[Math.floor(random() * GOOD.length)] : undefined;
      const of = rows[Math.floor(random() * rows.length)]!;
      const { bytes, done } = mutate(good ?? of.bytes.toString('latin1'), random);
      return rowOf(`${good === undefined ? of.id : 'good'} #${i} ${done}`, bytes);
    });
    const frames = frameRows(smuggler.map(({ id, headerLines }) => ({ id, lines: latin1(headerLines) }))).map((row) => ({
      ...row,
      atMost: 1,
    }));
    const toHttp2 = [...rows, ...mutated].filter((_, i) => i % TO_HTTP2_OF === 0);
    return [
      ...(await runLane(false, [...rows, ...mutated], '1 to 1:')),
      ...(await runLane(true, toHttp2, '1 to 2:')),
      ...(await runLane(false, frames, '2 to 1:')),
      ...(await runLane(true, frames, '2 to 2:')),
    ];
  },
} satisfies Suite;
