// The hole of this example. A demonstration of a breach needs a service that has been broken into: with `SHOP_BREACH_TOKEN` in its
// environment this service runs ../intruder.ts for whoever knows the token, as a child of its own, with everything it may do itself.
// Without the variable there is no such way.
import { execFile } from 'node:child_process';
import { createHash, timingSafeEqual } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { HttpProblem } from './service.ts';
import type { Route } from './service.ts';

const INTRUDER = fileURLToPath(new URL('../../intruder.ts', import.meta.url));
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** `POST /breach` with the header `x-breach-token` and, as body, the targets (see ../../intruder/targets.ts); answers `{ results: [...] }`. */
export function breachRoutes(): readonly Route[] {
  const token = process.env['SHOP_BREACH_TOKEN'] ?? '';
  if (token === '') return [];
  return [
    [
      'POST',
      '/breach',
      async ({ headers, body }) => {
        const shown = headers['x-breach-token'];
        if (typeof shown !== 'string' || !timingSafeEqual(hash(shown), hash(token))) throw new HttpProblem(404, 'not found');
        const env = { ...process.env, INTRUDER_TARGETS: JSON.stringify(body) };
        const lines = await new Promise<string>((resolve, reject) => {
          execFile(process.execPath, [INTRUDER], { env, timeout: 60_000, maxBuffer: 1024 * 1024 }, (error, stdout) => {
            // The intruder leaves with 1 when it got somewhere; that is an answer, not a failure.
            if (error && stdout === '') reject(error);
            else resolve(stdout);
          });
        });
        return {
          body: {
            results: lines
              .split('\n')
              .filter(Boolean)
              .map((line) => JSON.parse(line) as object),
          },
        };
      },
    ],
  ];
}
