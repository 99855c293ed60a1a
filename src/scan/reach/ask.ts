// `cullis reach FROM TO`: whom a person means, the answer, and its text.
import { didYouMean } from '#base/nearest.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import { intervalOf } from './address.ts';
import { formatRanges } from './connections.ts';
import { workloadsBehind } from './exposures/services.ts';
import { INTERNET } from './face.ts';
import type { Access, Exposure, PeerId, PortRange, Reason } from './face.ts';
import type { SystemReach } from './reach.ts';
import { resourceName } from './reasons.ts';

/** A reason by names and places, so that an answer prints as JSON of a readable size. */
export interface ReasonLine {
  readonly allows: boolean;
  readonly text: string;
  /** `file:line:column` */
  readonly at?: string;
}

export interface ReachAnswer {
  readonly from: PeerId;
  readonly to: PeerId;
  /**
   * Whether anything gets through: some request to a declared port, through an opening when it comes from the internet, or any packet
   * when `to` has no declared port or lies outside.
   */
  readonly open: boolean;
  /** Everything that packets reach, whether something listens there or not. */
  readonly connections: readonly PortRange[];
  /** Declared ports, when `to` is a workload. */
  readonly access: readonly (Omit<Access, 'reasons'> & { readonly reasons: readonly ReasonLine[] })[];
  /** When `from` is the internet and `to` a workload: the ways through the edge. */
  readonly exposures: readonly (Omit<Exposure, 'by' | 'location' | 'reasons'> & {
    readonly by: readonly string[];
    readonly reasons: readonly ReasonLine[];
  })[];
  /** Policies whose effect is not in the answer. */
  readonly notEvaluated: readonly { readonly resource: string; readonly at: string }[];
}

export type ReachReply =
  | { readonly ok: true; readonly answer: ReachAnswer; readonly text: string }
  | { readonly ok: false; readonly message: string; readonly help?: string };

/**
 * Answers who reaches whom.
 * @param from workload (`namespace/name`, or a name that is unique), `internet`, an address or a range
 * @param to likewise
 */
export function renderReach(reach: SystemReach, from: string, to: string): ReachReply {
  const source = resolvePeer(reach, from);
  if (typeof source !== 'string') return { ok: false, ...source };
  const target = resolvePeer(reach, to);
  if (typeof target !== 'string') return { ok: false, ...target };
  const isWorkload = reach.workloads.includes(target);
  if (!isWorkload && !reach.workloads.includes(source))
    return { ok: false, message: 'one of the two must be a workload of the System' };
  const connections = reach.connections(source, target);
  const access = isWorkload ? reach.access(source, target).map((each) => ({ ...each, reasons: linesOf(each.reasons) })) : [];
  const exposures = source === INTERNET && isWorkload ? exposuresTo(reach, target) : [];
  const through = access.some(({ network, link, requests }) => network && link !== 'refused' && requests !== 'none');
  const open = source === INTERNET ? exposures.length > 0 : access.length > 0 ? through : connections.length > 0;
  const answer = { from: source, to: target, open, connections, access, exposures, notEvaluated: notEvaluatedList(reach) };
  return { ok: true, answer, text: textOf(answer) };
}

export function notEvaluatedList(reach: SystemReach): ReachAnswer['notEvaluated'] {
  return reach.notEvaluated.map((resource) => ({ resource: resourceName(resource), at: placeOf(resource) }));
}

function placeOf(resource: SystemReach['notEvaluated'][number]): string {
  return formatLocation(originOf(resource));
}

/** The peer that a text means; otherwise what to say. */
export function resolvePeer(
  reach: Pick<SystemReach, 'workloads' | 'system'>,
  text: string,
): PeerId | { readonly message: string; readonly help?: string } {
  if (text === INTERNET || reach.workloads.includes(text)) return text;
  if (intervalOf(text)) return text;
  const named = reach.workloads.filter((id) => id.slice(id.indexOf('/') + 1) === text);
  if (named.length === 1) return named[0]!;
  if (named.length > 1)
    return { message: `\`${text}\` is ${named.map((id) => `\`${id}\``).join(' or ')}`, help: 'give the namespace too' };
  const behind = workloadsOfService(reach, text);
  if (behind.length === 1) return behind[0]!;
  if (behind.length > 1)
    return { message: `Service \`${text}\` leads to ${behind.map((id) => `\`${id}\``).join(' and ')}`, help: 'name one of them' };
  const help = didYouMean(text, [INTERNET, ...reach.workloads, ...reach.workloads.map((id) => id.slice(id.indexOf('/') + 1))]);
  return {
    message: `there is no workload \`${text}\`, and it is no address, range or \`${INTERNET}\``,
    ...(help !== undefined && { help }),
  };
}

/** Workloads behind a Service, by its id or a name that only one has. */
function workloadsOfService({ system }: Pick<SystemReach, 'system'>, text: string): readonly string[] {
  const named = system.services.filter(({ id, name }) => id === text || name === text);
  return named.length === 1 ? workloadsBehind(system, named[0]!).map(({ id }) => id) : [];
}

const LINKS: Readonly<Record<Access['link'], string>> = {
  mtls: 'mutual TLS',
  plaintext: 'plaintext',
  none: 'no mesh',
  refused: 'refused by the mesh',
};
const REQUESTS: Readonly<Record<Access['requests'], string>> = { all: 'all requests', some: 'some requests', none: 'no request' };

function textOf({ from, to, connections, access, exposures, notEvaluated }: ReachAnswer): string {
  const outside = from === INTERNET;
  // Pods are hardly ever routed to from outside: what policies let in is not yet a way in.
  const lines = [`${from} -> ${to}: ${outside ? 'policies let in ' : ''}${formatRanges(connections)}`];
  for (const each of access) {
    const open = outside ? 'let in by policies' : 'open';
    const verdict = each.network ? `${open}, ${LINKS[each.link]}, ${REQUESTS[each.requests]}` : 'closed by the network';
    lines.push(`  ${each.transport} ${each.port}: ${verdict}`, ...reasonLines(each.reasons));
  }
  if (outside && access.length > 0 && exposures.length === 0) lines.push('  nothing in the System leads there from outside');
  for (const each of exposures) {
    const where = each.hosts.length > 0 ? ` for ${each.hosts.slice(0, 5).join(', ')}` : '';
    const limits = [
      each.tls ? 'TLS' : 'no TLS',
      each.authenticated ? 'callers are authenticated' : 'anyone',
      ...(each.sources.length > 0 ? [`from ${each.sources.join(', ')}`] : []),
    ];
    lines.push(`  through ${each.through} to port ${each.port}${where}: ${limits.join(', ')}`, ...reasonLines(each.reasons));
  }
  if (notEvaluated.length > 0) {
    lines.push('not evaluated, so not in this answer:');
    for (const { resource, at } of notEvaluated) lines.push(`  ${resource} (${at})`);
  }
  return `${lines.join('\n')}\n`;
}

function exposuresTo(reach: SystemReach, target: string): ReachAnswer['exposures'] {
  return reach
    .exposures()
    .filter((each) => each.to === target)
    .map((exposure) => {
      const { by, reasons, location: _location, ...rest } = exposure;
      return { ...rest, by: by.map(resourceName), reasons: linesOf(reasons) };
    });
}

function linesOf(reasons: readonly Reason[]): readonly ReasonLine[] {
  return reasons.map(({ allows, text, location }) => ({ allows, text, ...(location && { at: formatLocation(location) }) }));
}

function reasonLines(reasons: readonly ReasonLine[]): readonly string[] {
  return reasons.map(({ allows, text, at }) => `    ${allows ? '+' : '-'} ${text}${at === undefined ? '' : ` (${at})`}`);
}
