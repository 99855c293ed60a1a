// A control plane for the page and the command line: the real page files, headers and contract, with answers that the test decides.
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExplainResponse, IdentitiesResponse, StatusResponse } from '#api/control.ts';
import type { Event } from '#model/event.ts';
import { SECURITY_HEADERS } from '#control/answer.ts';
import { loadPage } from '#control/page.ts';

export interface FakeAnswers {
  readonly status: StatusResponse;
  readonly identities: IdentitiesResponse['identities'];
  readonly denials: readonly Event[];
  readonly explanations: Readonly<Record<string, ExplainResponse>>;
}

export interface FakeControl {
  readonly url: string;
  readonly token: string;
  /** Requests that came without the token to a path that needs it. */
  readonly unauthorized: readonly string[];
  /** Sends changed members to every open stream. */
  push(change: Partial<StatusResponse>): void;
  /** Breaks all streams off, as a restart does. */
  cut(): void;
  close(): Promise<void>;
}

/** Listens on a free loopback port. @param pageDir folder of the page, if it is to be served */
export async function fakeControl(answers: FakeAnswers, pageDir?: string): Promise<FakeControl> {
  const token = 'token-of-the-test';
  const page = loadPage(pageDir);
  const streams = new Set<ServerResponse>();
  const unauthorized: string[] = [];
  let { status } = answers;
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] as string;
    const json = (code: number, value: unknown): void => {
      response.writeHead(code, { ...SECURITY_HEADERS, 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const file = page.get(path);
    if (file) {
      response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': file.type });
      response.end(file.body);
      return;
    }
    if (request.headers.authorization !== `Bearer ${token}`) {
      unauthorized.push(path);
      json(401, { title: 'an operator token is needed', status: 401 });
      return;
    }
    if (path === '/api/v1/live') {
      response.writeHead(200, { ...SECURITY_HEADERS, 'content-type': 'text/event-stream' });
      response.write(`event: status\ndata: ${JSON.stringify(status)}\n\n`);
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    const explanation = answers.explanations[/^\/api\/v1\/decisions\/(.+)$/.exec(path)?.[1] ?? ''];
    if (explanation) json(200, explanation);
    else if (path === '/api/v1/status') json(200, status);
    else if (path === '/api/v1/identities') json(200, { identities: answers.identities, rootPem: [] });
    else if (path === '/api/v1/events') json(200, { events: answers.denials, complete: true });
    else if (path === '/api/v1/operators')
      json(200, { operators: [{ name: 'ann', role: 'admin', createdMs: status.timeMs, lastUsedMs: null }] });
    else json(404, { title: 'there is nothing here', status: 404 });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    unauthorized,
    push(change) {
      status = { ...status, ...change };
      for (const stream of streams) stream.write(`event: delta\ndata: ${JSON.stringify(change)}\n\n`);
    },
    cut() {
      for (const stream of streams) stream.destroy();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
