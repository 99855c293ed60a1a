import type { Arrival } from '../arrival.ts';
import { serveTcp } from '../tcp.ts';
import type { Step } from './step.ts';

/** Hands the connection to its protocol: the strict HTTP parser, or the TCP splice. */
export function serve(a: Arrival): Step {
  if (a.service.protocol === 'http') a.slot.serveHttp(a);
  else serveTcp(a);
  return 'done';
}
