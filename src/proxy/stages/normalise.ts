import { normalizeTarget } from '#plan/normalise.ts';
import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import type { Exchange } from '../exchange.ts';
import type { Step } from './step.ts';

const ROOT_DOT = /\.(?=$|:\d+$)/;

/** Once, before anything looks at the target: what is judged from here on is what is forwarded. */
export function normalise(x: Exchange): Step | Promise<Step> {
  const { path, method, upgrade } = x.request;
  if (method === 'CONNECT' && upgrade !== 'websocket') {
    // A tunnel to anywhere is past every policy (proxy hardening A 16).
    const reasons = [reason('DEFAULT', 'method', [], 'CONNECT', '', 'a tunnel is opened for WebSocket only')];
    return refuse(x, { status: 501, code: 'request.invalid', reasons });
  }
  if (path === '*') {
    x.path = x.target = '*';
  } else {
    const normal = normalizeTarget(path, x.service.config.mesh.pathNormalization);
    if (!normal.ok) {
      const reasons = [reason('DEFAULT', 'path', [], '', '', normal.reason)];
      return refuse(x, { status: 400, code: 'request.invalid', reasons });
    }
    x.path = normal.path;
    x.query = normal.query;
    x.target = normal.target;
  }
  const { service } = x;
  // A name with the root's dot is the same name (RFC 1034 section 3.1), and routes take it so: policy and the next hop must see the same.
  if (x.host.endsWith('.') || x.host.includes('.:')) x.host = x.authority = x.host.replace(ROOT_DOT, '');
  // The program called `cart:7070` and was led to its own listener; policies and virtual hosts are written for what it meant.
  if (
    service.role === 'sidecar-out' &&
    service.authority !== '' &&
    (x.host === '' || service.ownAuthorities.has(x.host.toLowerCase()))
  ) {
    x.host = x.authority = service.authority;
  }
  return 'next';
}
