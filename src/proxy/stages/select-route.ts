import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

/** Host and route match. Nothing that matches is nothing that may be reached: 404. */
export function selectRoute(x: Exchange): Step | Promise<Step> {
  const { routes, role } = x.service;
  // A sidecar's listener is for one service, and most have no rules.
  if (routes === undefined && role === 'sidecar-out') return 'next';
  const choice = routes?.match(x);
  if (choice === undefined) {
    const known = routes?.hasHost(x.host) === true;
    const text = known ? 'the host has no route that takes this request' : 'no route is for this host';
    return refuse(x, {
      status: 404,
      code: 'route.none',
      reasons: [reason('DEFAULT', 'route', [], `${x.host}${x.path}`, '', text)],
    });
  }
  x.route = choice;
  return 'next';
}
