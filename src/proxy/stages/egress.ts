import { type Caller, leakReasons, tellLeaks } from '../egress/events.ts';
import { splitAuthority } from '../egress/host-table.ts';
import { Inspection, type Leak } from '../egress/inspection.ts';
import { OutboundBody } from '../egress/outbound-body.ts';
import type { WayOut } from '../egress/way-out.ts';
import type { Exchange } from '../exchange.ts';
import { reason } from '../reasons.ts';
import { refuse } from '../refuse.ts';
import type { Step } from './step.ts';

/** What this mesh tells its own hops is no business of a stranger. */
const INSIDE_ONLY = [
  'x-cullis-session-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-client-cert',
];

/** The last look at what leaves the mesh: the host is one of the listener's, the bounds hold, and nothing goes along that should stay. */
export function egress(x: Exchange): Step | Promise<Step> {
  const { egress: out, port } = x.service;
  if (!out) return x.destination?.outside === undefined ? 'next' : throughGateway(x, x.destination.outside);
  const named = splitAuthority(x.host);
  const way = named && (named.port ?? port) === port ? out.match(named.host) : undefined;
  if (!named || !way) {
    const text = `this way out is for ${out
      .hosts()
      .map((host) => `\`${host}\``)
      .join(', ')} on port ${port} only`;
    return refuse(x, { status: 403, code: 'egress.host', reasons: [reason('DEFAULT', 'host', out.hosts(), x.host, '', text)] });
  }
  const { host } = named;
  x.destination = way.destinationOf(host);
  // What was judged is what is sent; a port that goes without saying is not said.
  x.authority = named.port === undefined || port === 80 ? host : `${host}:${port}`;
  const limited = way.open(x.runtime.clock.monotonicMs(), host);
  if (limited) return refuse(x, { status: 429, ...limited, close: true });
  for (const name of INSIDE_ONLY) x.headers.remove(name);
  if (way.connectionMs > 0)
    x.requestTimeoutMs = x.requestTimeoutMs === 0 ? way.connectionMs : Math.min(x.requestTimeoutMs, way.connectionMs);
  const caller: Caller = { workload: x.service.workload, host, port };
  const inspection = new Inspection(way.inspections, x.runtime.ports.outside.findSecrets);
  const leaks = lookAtHead(x, inspection);
  tellLeaks(x.runtime, caller, leaks);
  const denied = leaks.filter(({ action }) => action === 'deny');
  if (denied.length > 0) return refuse(x, { status: 403, code: 'egress.content', reasons: leakReasons(denied), close: true });
  x.tunnelOut = { way, caller };
  return sendBody(x, way, caller, inspection);
}

/** At an egress gateway: what leads to a host outside is for that host. Whoever sent it was bounded and searched on its own side. */
function throughGateway(x: Exchange, host: string): Step | Promise<Step> {
  const named = splitAuthority(x.authority);
  for (const name of INSIDE_ONLY) x.headers.remove(name);
  if (named?.host === host) return 'next';
  const text = `this route leads to \`${host}\` outside the mesh, and the request is for another host`;
  return refuse(x, { status: 403, code: 'egress.host', reasons: [reason('DEFAULT', 'host', [host], x.authority, '', text)] });
}

function sendBody(x: Exchange, way: WayOut, caller: Caller, inspection: Inspection): Step | Promise<Step> {
  if (x.request.body.kind !== 'none') x.body = new OutboundBody(x, way, caller, inspection);
  return 'next';
}

/** Path, query and header fields, each searched in its own name. */
function lookAtHead(x: Exchange, inspection: Inspection): Leak[] {
  const parts: [place: string, text: string][] = [
    ['path', x.path],
    ['query', x.query],
  ];
  const { headers } = x;
  for (let i = 1; i < headers.length; i++) parts.push([`header ${headers.name(i)}`, `${headers.name(i)}: ${headers.value(i)}`]);
  const leaks = inspection.head(parts);
  const encoding = (headers.get('content-encoding') ?? 'identity').toLowerCase();
  if (x.request.body.kind !== 'none' && encoding !== 'identity') leaks.push(...inspection.unreadable('body, compressed'));
  // The frames of a WebSocket are masked (RFC 6455 section 5.3): what they hold cannot be searched as it passes.
  if (x.request.upgrade !== '') leaks.push(...inspection.unreadable('frames of a WebSocket'));
  return leaks;
}
