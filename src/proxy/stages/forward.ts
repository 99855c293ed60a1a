import { assert } from '#base/assert.ts';
import { isPermit, type Permit } from '#policy/permit.ts';
import { Forwarding } from '../forwarding.ts';
import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

const WEBSOCKET_VERSION = '13';

/** The last station before the next hop. */
export function forwardStage(x: Exchange): Step | Promise<Step> {
  if (x.request.upgrade === 'websocket') {
    const fault = handshakeFault(x);
    if (fault !== undefined) {
      const headers = fault === 426 ? ['sec-websocket-version', WEBSOCKET_VERSION] : [];
      const reasons = [reason('DEFAULT', 'upgrade', [], 'websocket', '', 'the WebSocket handshake is malformed')];
      return refuse(x, { status: fault, code: 'request.invalid', reasons, headers });
    }
  }
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
  new Forwarding(x, destination, endpoint).start();
  return 'done';
}

/** Status for a broken handshake (RFC 6455 section 4.2.1), undefined for a sound one. */
function handshakeFault(x: Exchange): number | undefined {
  const { headers } = x.request;
  if (x.method !== 'GET' || headers.all('sec-websocket-key').length !== 1) return 400;
  const versions = headers.all('sec-websocket-version');
  return versions.length === 1 && versions[0] === WEBSOCKET_VERSION ? undefined : 426;
}
