import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

/** Host and route match. Nothing that matches is nothing that may be reached: 404. */
export function selectRoute(x: Exchange): Step | Promise<Step> {
  const { routes, role, edge } = x.service;
  // A sidecar's listener is for one service, and most have no rules.
  if (routes === undefined && role === 'sidecar-out') return 'next';
  if (edge?.misdirected(x.sni, x.host) === true) {
    const text = 'the host belongs to another listener than the one that the connection was made to';
    return refuse(x, {
      status: 421,
      code: 'route.none',
      reasons: [reason('DEFAULT', 'connection.sni', [x.host], x.sni, '', text)],
    });
  }
  const choice = routes?.match(x);
  if (choice === undefined) {
    const closed = routes?.closed(x.host);
    if (closed !== undefined) {
      const reasons = [reason('DEFAULT', 'listener', [], x.host, '', `the listener is closed: ${closed}`)];
      return refuse(x, { status: 503, code: 'config.closed', reasons });
    }
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
