// smuggler's header mutations as three probes each: whatever the gateway makes of them, the upstream must see at most the one request.
import { join } from 'node:path';
import { bareProxy } from '../../fakes/bare-proxy.ts';
import { carelessOrigin } from '../../fakes/careless-origin.ts';
import { rawServer, sendRaw, statusOf } from '../../fakes/raw-http.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  readonly id: string;
  readonly headerLines: string;
  readonly headerLinesUtf8?: string;
}

const TWO_HOP = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';
const PROBES = [
  { name: 'TE.CL', length: 6, body: '0\r\n\r\nX' },
  { name: 'CL.TE', length: 4, body: '1\r\nZ\r\n0\r\n\r\n' },
  { name: 'two hops', length: TWO_HOP.length, body: TWO_HOP },
] as const;

const WAIT_MS = 1500;
const QUIET_MS = 60;

function probeBytes(path: string, headerLines: Buffer, probe: (typeof PROBES)[number]): Buffer {
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\n`),
    headerLines,
    Buffer.from(
      `\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${probe.length}\r\n\r\n${probe.body}`,
    ),
  ]);
}

export const suite = {
  name: 'smuggler',
  needs: 'dataplane/smuggler.jsonl',
  async run({ dir }) {
    const rows = readJsonLines<Row>(join(dir, 'dataplane/smuggler.jsonl'));
    const results: RowResult[] = [];
    // A pair of gateway and origin per row would be clean but slow; distinct paths tell the requests of one shared pair apart.
    const seen: string[] = [];
    const origin = await rawServer(carelessOrigin(({ line }) => void seen.push(line)));
    const proxy = await bareProxy(origin.port);
    const outcomes = await Promise.all(
      rows.map(async (row, at) => {
        const variants = [row.headerLines, ...(row.headerLinesUtf8 === undefined ? [] : [row.headerLinesUtf8])];
        const tries = variants.flatMap((lines, variant) =>
          PROBES.map((probe, i) => ({ probe, path: `/r${at}-${variant}-${i}`, lines })),
        );
        const answers = await Promise.all(
          tries.map(async ({ probe, path, lines }) => {
            const outcome = await sendRaw(proxy.port, probeBytes(path, Buffer.from(lines, 'base64'), probe), WAIT_MS, QUIET_MS);
            return { probe, path, outcome };
          }),
        );
        return { row, answers };
      }),
    );
    for (const { row, answers } of outcomes) {
      const why = answers.flatMap(({ probe, path, outcome }) => {
        const count = seen.filter((line) => line.startsWith(`POST ${path} `)).length;
        if (count > 1) return [`${probe.name}: ${count} requests upstream`];
        return statusOf(outcome.text) === 0 && !outcome.closed ? [`${probe.name}: no answer`] : [];
      });
      results.push({ id: row.id, pass: why.length === 0, ...(why.length > 0 && { why: why.join(', ') }) });
    }
    const smuggled = seen.filter((line) => !line.startsWith('POST /r'));
    if (smuggled.length > 0) results.push({ id: '(all)', pass: false, why: `smuggled: ${[...new Set(smuggled)].join(', ')}` });
    await proxy.close();
    await origin.close();
    return results;
  },
} satisfies Suite;
