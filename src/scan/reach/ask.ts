// `cullis reach FROM TO`: whom a person means, the answer, and its text.
import { didYouMean } from '#base/nearest.ts';
import { formatLocation, originOf } from '#model/origin.ts';
import { intervalOf } from './address.ts';
import { formatRanges } from './connections.ts';
import { INTERNET } from './face.ts';
import type { Access, Exposure, PeerId, PortRange, Reason } from './face.ts';
import type { SystemReach } from './reach.ts';
import { resourceName } from './reasons.ts';

export interface ReachAnswer {
  readonly from: PeerId;
  readonly to: PeerId;
  /** Everything that packets reach, whether something listens there or not. */
  readonly connections: readonly PortRange[];
  /** Declared ports, when `to` is a workload. */
  readonly access: readonly Access[];
  /** When `from` is the internet and `to` a workload: the ways through the edge. */
  readonly exposures: readonly Exposure[];
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
  const answer: ReachAnswer = {
    from: source,
    to: target,
    connections: reach.connections(source, target),
    access: isWorkload ? reach.access(source, target) : [],
    exposures: source === INTERNET && isWorkload ? reach.exposures().filter((each) => each.to === target) : [],
    notEvaluated: notEvaluatedList(reach),
  };
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
  reach: Pick<SystemReach, 'workloads'>,
  text: string,
): PeerId | { readonly message: string; readonly help?: string } {
  if (text === INTERNET || reach.workloads.includes(text)) return text;
  if (intervalOf(text)) return text;
  const named = reach.workloads.filter((id) => id.slice(id.indexOf('/') + 1) === text);
  if (named.length === 1) return named[0]!;
  if (named.length > 1)
    return { message: `\`${text}\` is ${named.map((id) => `\`${id}\``).join(' or ')}`, help: 'give the namespace too' };
  const help = didYouMean(text, [INTERNET, ...reach.workloads, ...reach.workloads.map((id) => id.slice(id.indexOf('/') + 1))]);
  return {
    message: `there is no workload \`${text}\`, and it is no address, range or \`${INTERNET}\``,
    ...(help !== undefined && { help }),
  };
}

const LINKS: Readonly<Record<Access['link'], string>> = {
  mtls: 'mutual TLS',
  plaintext: 'plaintext',
  none: 'no mesh',
  refused: 'refused by the mesh',
};
const REQUESTS: Readonly<Record<Access['requests'], string>> = { all: 'all requests', some: 'some requests', none: 'no request' };

function textOf({ from, to, connections, access, exposures, notEvaluated }: ReachAnswer): string {
  const lines = [`${from} -> ${to}: ${formatRanges(connections)}`];
  for (const each of access) {
    const verdict = each.network ? `open, ${LINKS[each.link]}, ${REQUESTS[each.requests]}` : 'closed by the network';
    lines.push(`  ${each.transport} ${each.port}: ${verdict}`, ...reasonLines(each.reasons));
  }
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

function reasonLines(reasons: readonly Reason[]): readonly string[] {
  return reasons.map(
    ({ allows, text, location }) => `    ${allows ? '+' : '-'} ${text}${location ? ` (${formatLocation(location)})` : ''}`,
  );
}
