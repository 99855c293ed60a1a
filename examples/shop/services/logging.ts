// The logging service: takes the others' lines and keeps the last of them in memory. In the breach that `npm start` plays, this is the
// service that an attacker has taken over; see ../intruder.ts for what is then tried from here.
import { breachRoutes } from './lib/breach.ts';
import { HttpProblem, serve, textField } from './lib/service.ts';

const LINES_MAX = 10_000;
const BATCH_MAX = 1_000;
const LINE_LENGTH_MAX = 4_096;

interface Kept {
  readonly service: string;
  readonly line: string;
}
const ring: Kept[] = [];
const counts = { taken: 0, droppedBySenders: 0 };

function keep(service: string, line: string): void {
  ring[counts.taken % LINES_MAX] = { service, line };
  counts.taken++;
}

serve('logging', [
  [
    'POST',
    '/ingest',
    ({ body }) => {
      const service = textField(body, 'service', 64);
      const lines = body['lines'];
      if (!Array.isArray(lines) || lines.length > BATCH_MAX)
        throw new HttpProblem(400, `\`lines\` must be a list of at most ${BATCH_MAX}`);
      for (const line of lines) if (typeof line === 'string') keep(service, line.slice(0, LINE_LENGTH_MAX));
      if (typeof body['dropped'] === 'number') counts.droppedBySenders += body['dropped'];
      return { status: 202, body: { taken: lines.length } };
    },
  ],
  [
    'GET',
    '/recent',
    ({ query }) => {
      const wanted = Math.min(Math.max(Number(query.get('limit')) || 100, 1), 1_000);
      const held = Math.min(counts.taken, LINES_MAX);
      const lines = [];
      for (let i = Math.min(wanted, held); i > 0; i--) lines.push(ring[(counts.taken - i) % LINES_MAX]);
      return { body: { ...counts, lines } };
    },
  ],
  ...breachRoutes(),
]);
