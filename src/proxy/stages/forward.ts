import { assert } from '#base/assert.ts';
import { isPermit, type Permit } from '#policy/permit.ts';
import type { Destination } from '../destination.ts';
import { Forwarding } from '../forwarding.ts';
import { requestHash } from '../hash-key.ts';
import { sendMirrors } from '../mirror.ts';
import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

/** The last station before the next hop. */
export function forwardStage(x: Exchange): Step | Promise<Step> {
  assert(x.permit !== undefined, 'a request reached the last station without a permit');
  return forward(x, x.permit);
}

/** Sends a request on. @param permit what authorize() gave for this very request; nothing else opens the way */
export function forward(x: Exchange, permit: Permit): Step | Promise<Step> {
  assert(isPermit(permit), 'forward was given something that is no permit');
  const destination = x.destination ?? x.service.destination;
  if (!destination) return unreachable(x, '', 'the destination has no endpoint');
  if (destination.circuit.requests.take()) return send(x, destination);
  return destination.circuit.requests.acquire().then((taken) => {
    if (taken) return send(x, destination);
    x.runtime.metrics.counter('cullis_upstream_overflows_total', destination.name).inc();
    return unreachable(x, destination.name, 'the destination has as many requests as it may (DestinationRule http2MaxRequests)');
  });
}

/** The request's place among those of its destination is taken; `Forwarding` gives it back. */
function send(x: Exchange, destination: Destination): Step | Promise<Step> {
  const hash = requestHash(x, destination);
  const endpoint = destination.pick(x.runtime.clock.monotonicMs(), undefined, hash);
  if (!endpoint) {
    destination.circuit.requests.give();
    const some = destination.endpoints.length > 0;
    return unreachable(
      x,
      destination.name,
      some ? 'no endpoint of the destination is healthy' : 'the destination has no endpoint',
    );
  }
  x.destination = destination;
  x.headers.flat[1] = x.authority;
  if (x.mirrors.length > 0) x.body = sendMirrors(x, x.mirrors);
  new Forwarding(x, destination, endpoint, hash).start();
  return 'done';
}

function unreachable(x: Exchange, destination: string, text: string): Step | Promise<Step> {
  x.failed = true;
  return refuse(x, { status: 503, code: 'upstream.failed', reasons: [reason('DEFAULT', 'upstream', [], destination, '', text)] });
}
