// A request's way, top to bottom. A row is a station, a column a role; `yes` means that the role has the station.
import { messageOf } from '#base/errors.ts';
import type { Arrival } from './arrival.ts';
import type { Exchange } from './exchange.ts';
import { respondBug } from './respond.ts';
import type { Role } from './service.ts';
import { accept } from './stages/accept.ts';
import { applyRoute } from './stages/apply-route.ts';
import { authenticate } from './stages/authenticate.ts';
import { authorise } from './stages/authorise.ts';
import { clientCertificate } from './stages/client-certificate.ts';
import { correlate } from './stages/correlate.ts';
import { custom } from './stages/custom.ts';
import { egress } from './stages/egress.ts';
import { deadline } from './stages/deadline.ts';
import { forwardStage } from './stages/forward.ts';
import { normalise } from './stages/normalise.ts';
import { peer } from './stages/peer.ts';
import { secure } from './stages/secure.ts';
import { selectRoute } from './stages/select-route.ts';
import { serve } from './stages/serve.ts';
import type { Step } from './stages/step.ts';
import { strip } from './stages/strip.ts';
import { vouch } from './stages/vouch.ts';

type Station<T> = (subject: T) => Step | Promise<Step>;
type Row<T> = readonly [station: Station<T>, gateway: boolean, sidecarIn: boolean, sidecarOut: boolean];
const yes = true;
const no = false;

/** What a connection passes. */
// prettier-ignore
const CONNECTION: readonly Row<Arrival>[] = [
  // station      gateway  in   out
  [accept,        yes,     yes, yes], // lease, and whose process calls
  [secure,        yes,     yes, no ], // TLS and the peer's certificate
  [serve,         yes,     yes, yes], // strict parser, or TCP splice
];

/** What each request on it passes. Headers are stripped before a route is chosen, so that nothing is ever judged on what is not forwarded. */
// prettier-ignore
const REQUEST: readonly Row<Exchange>[] = [
  // station      gateway  in   out
  [peer,          yes,     yes, no ], // verified identity; STRICT again
  [clientCertificate, yes, no, no ], // of a client outside the mesh, where the listener asks for one
  [normalise,     yes,     yes, yes], // the one target that is judged and sent
  [strip,         yes,     yes, yes], // spoofable and hop-by-hop headers
  [selectRoute,   yes,     no,  yes], // 404 without one
  [correlate,     yes,     yes, yes], // request id, session, trace, client address
  [custom,        yes,     yes, no ], // external authorization
  [authenticate,  yes,     yes, no ], // tokens
  [authorise,     yes,     yes, yes], // AUDIT, DENY, ALLOW: the permit
  [applyRoute,    yes,     no,  yes], // filters and backend
  [deadline,      yes,     yes, yes], // of a gRPC call
  [vouch,         yes,     yes, yes], // what was verified, for the next hop
  [egress,        yes,     no,  yes], // out of the mesh: host, bounds, what is sent
  [forwardStage,  yes,     yes, yes], // demands the permit; ends in the event
];

const COLUMN: Readonly<Record<Role, 1 | 2 | 3>> = { gateway: 1, 'sidecar-in': 2, 'sidecar-out': 3 };

function column<T>(rows: readonly Row<T>[]): Readonly<Record<Role, readonly Station<T>[]>> {
  const of = (role: Role): readonly Station<T>[] => rows.filter((row) => row[COLUMN[role]]).map((row) => row[0]);
  return { gateway: of('gateway'), 'sidecar-in': of('sidecar-in'), 'sidecar-out': of('sidecar-out') };
}

const CONNECTION_STATIONS = column(CONNECTION);
const REQUEST_STATIONS = column(REQUEST);

/** Takes a connection through its stations. */
export function runConnection(a: Arrival): void {
  run(CONNECTION_STATIONS[a.service.role], a, 0);
}

/** Goes on behind the handshake. */
export function resumeSecured(a: Arrival): void {
  const stations = CONNECTION_STATIONS[a.service.role];
  run(stations, a, stations.indexOf(secure) + 1);
}

/** Takes a request through its stations. */
export function runRequest(x: Exchange): void {
  run(REQUEST_STATIONS[x.service.role], x, 0);
}

/** Runs stations in turn without leaving the stack until one has to wait. */
function run<T extends Arrival | Exchange>(stations: readonly Station<T>[], subject: T, from: number): void {
  for (let i = from; i < stations.length; i++) {
    const step = stations[i]!(subject);
    if (step === 'next') continue;
    if (step === 'done') return;
    step.then(
      (settled) => {
        if (settled !== 'next') return;
        try {
          run(stations, subject, i + 1);
        } catch (error) {
          broke(subject, error);
        }
      },
      (error: unknown) => broke(subject, error),
    );
    return;
  }
}

/** A bug behind a wait; one before it is caught by whoever called. Nothing goes on, and nobody learns more than that. */
function broke(subject: Arrival | Exchange, error: unknown): void {
  subject.runtime.log('error', 'a station failed', {
    error: messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  if ('responder' in subject) respondBug(subject);
  else subject.socket.destroy();
}
