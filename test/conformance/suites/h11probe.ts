// Http11Probe's rows: bytes on a fresh connection through a gateway made of the codec, judged by status and by whether the connection closes.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { bareProxy } from '../../fakes/bare-proxy.ts';
import { type RawOutcome, bodyOf, sendRaw, statusOf } from '../../fakes/raw-http.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

type Verdict = 'pass' | 'warn' | 'fail';

interface Expected {
  readonly statuses: readonly string[];
  readonly warn: readonly string[];
  readonly fail?: readonly string[];
  readonly other: Verdict;
  readonly passIfClosed?: readonly string[];
  readonly warnIfClosed?: readonly string[];
  readonly warnIfOpen?: readonly string[];
  readonly noResponse: { readonly closed: Verdict; readonly timeout: Verdict };
  readonly check?: { readonly if: string; readonly bodyEqualsOneOf?: readonly string[] };
}

interface Row {
  readonly id: string;
  readonly raw: string;
  readonly expected: Expected;
}

const WAIT_MS = 1500;
/** After an answer: time for the connection to close, where it does. */
const QUIET_MS = 400;

/** `2xx`, `any` or a plain status. */
const matches = (patterns: readonly string[] | undefined, status: number): boolean =>
  patterns?.some(
    (pattern) => pattern === 'any' || pattern === String(status) || (pattern.endsWith('xx') && pattern[0] === String(status)[0]),
  ) ?? false;

function judge(expected: Expected, outcome: RawOutcome): Verdict {
  const status = statusOf(outcome.text);
  if (status === 0) return outcome.closed ? expected.noResponse.closed : expected.noResponse.timeout;
  if (matches(expected.fail, status)) return 'fail';
  if (expected.check && matches([expected.check.if], status) && expected.check.bodyEqualsOneOf) {
    if (!expected.check.bodyEqualsOneOf.includes(bodyOf(outcome.text))) return 'fail';
  }
  if (matches(expected.statuses, status)) return 'pass';
  if (outcome.closed && matches(expected.passIfClosed, status)) return 'pass';
  if (outcome.closed && matches(expected.warnIfClosed, status)) return 'warn';
  if (!outcome.closed && matches(expected.warnIfOpen, status)) return 'warn';
  return matches(expected.warn, status) ? 'warn' : expected.other;
}

/** The origin that the rows ask for: echoes bodies, lists headers, splits cookies. */
function origin(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/echo') {
    const raw = request.rawHeaders;
    response.end(raw.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${raw[i + 1]}`] : [])).join('\n'));
  } else if (request.url === '/cookie') {
    response.end(
      (request.headers.cookie ?? '')
        .split(';')
        .map((pair) => pair.trim())
        .join('\n'),
    );
  } else if (request.method === 'POST') {
    // Answers only a whole body, so that a body that breaks off can still be refused.
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => response.end(Buffer.concat(chunks)));
  } else response.end('OK');
}

export const suite = {
  name: 'h11probe',
  needs: 'dataplane/h11probe.jsonl',
  async run({ dir }) {
    const upstream = createServer(origin);
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const proxy = await bareProxy((upstream.address() as AddressInfo).port);
    const rows = readJsonLines<Row>(join(dir, 'dataplane/h11probe.jsonl'));
    const results = await Promise.all(
      rows.map(async ({ id, raw, expected }): Promise<RowResult> => {
        const outcome = await sendRaw(proxy.port, Buffer.from(raw, 'base64'), WAIT_MS, QUIET_MS);
        const verdict = judge(expected, outcome);
        const seen = `${statusOf(outcome.text) || 'no answer'}, ${outcome.closed ? 'closed' : 'open'}`;
        return { id, pass: verdict !== 'fail', why: `${verdict}: ${seen}` };
      }),
    );
    await proxy.close();
    await new Promise((resolve) => {
      upstream.close(resolve);
      upstream.closeAllConnections();
    });
    return results;
  },
} satisfies Suite;
