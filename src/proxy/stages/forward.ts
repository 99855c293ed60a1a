import { assert } from '#base/assert.ts';
import { isPermit, type Permit } from '#policy/permit.ts';
import { Forwarding } from '../forwarding.ts';
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
  const endpoint = destination?.pick(x.runtime.clock.monotonicMs());
  if (!destination || !endpoint) {
    x.failed = true;
    const reasons = [reason('DEFAULT', 'upstream', [], destination?.name ?? '', '', 'the destination has no endpoint')];
    return refuse(x, { status: 503, code: 'upstream.failed', reasons });
  }
  x.destination = destination;
  x.headers.flat[1] = x.authority;
  if (x.mirrors.length > 0) x.body = sendMirrors(x, x.mirrors);
  new Forwarding(x, destination, endpoint).start();
  return 'done';
}
