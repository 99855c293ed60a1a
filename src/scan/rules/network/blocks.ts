// Every `ipBlock` of the NetworkPolicies, and what it takes in.
import type { Path } from '#model/origin.ts';
import type { Workload } from '#model/system.ts';
import { covers, intervalOf, isV4, overlaps, PRIVATE, PUBLIC, sizeOf } from '../../reach/address.ts';
import type { Interval } from '../../reach/address.ts';
import type { WantedFlow } from '../../reach/flows.ts';
import type { KnownRange } from '../../reach/places.ts';
import type { Direction, Policy, PolicyRule, PortSpec } from '../../reach/policy.ts';
import { listAt, memberOf, textAt, textsAt } from '#base/raw.ts';
import type { NetworkFacts } from './facts.ts';

export interface Block {
  readonly policy: Policy;
  readonly rule: PolicyRule;
  readonly direction: Direction;
  readonly subjects: readonly Workload[];
  readonly cidr: string;
  readonly except: readonly string[];
  readonly whole: Interval;
  /** Without what `except` takes out. */
  readonly ranges: readonly Interval[];
  /** To the item in `from` or `to`. */
  readonly path: Path;
}

export function blocksOf(facts: NetworkFacts): readonly Block[] {
  return facts.policies.flatMap(({ policy, subjects }) =>
    (['ingress', 'egress'] as const).flatMap((direction) =>
      (policy[direction] ?? []).flatMap((rule) => blocksIn(policy, rule, direction, subjects)),
    ),
  );
}

function blocksIn(policy: Policy, rule: PolicyRule, direction: Direction, subjects: readonly Workload[]): readonly Block[] {
  const side = direction === 'ingress' ? 'from' : 'to';
  const raw = rule.path.reduce<unknown>(
    (value, key) => (Array.isArray(value) ? (value as unknown[])[Number(key)] : memberOf(value, String(key))),
    {
      spec: policy.resource.spec,
    },
  );
  if (rule.peers === 'any') return [];
  const read = new Map(rule.peers.flatMap((peer) => (peer.kind === 'block' ? [[peer.text, peer.ranges] as const] : [])));
  return listAt(raw, side).flatMap((item, at) => {
    const block = memberOf(item, 'ipBlock') ?? undefined;
    const cidr = textAt(block, 'cidr') ?? '';
    const except = textsAt(block, 'except');
    const whole = intervalOf(cidr);
    if (!whole) return [];
    const ranges = read.get(except.length > 0 ? `${cidr} except ${except.join(', ')}` : cidr) ?? [whole];
    return [{ policy, rule, direction, subjects, cidr, except, whole, ranges, path: [...rule.path, side, at] }];
  });
}

/** Whether a rule lets a port through. Names count as their workloads declare them elsewhere; here they never do. */
export function rulePort(ports: readonly PortSpec[] | 'any', transport: 'TCP' | 'UDP', port: number): boolean {
  return (
    ports === 'any' ||
    ports.some((each) => 'first' in each && each.transport === transport && each.first <= port && port <= each.last)
  );
}

const WIDE_V4 = 1n << 24n;
const WIDE_V6 = 1n << 104n;

/** The internet, or so much of it (a /8) that it names nobody. */
export function isWorld({ ranges }: Pick<Block, 'ranges'>): boolean {
  return (
    ranges.some(
      (range) => overlaps(PUBLIC, [range]) && !covers(PRIVATE, [range]) && sizeOf([range]) >= (isV4(range) ? WIDE_V4 : WIDE_V6),
    ) || sizeOf(ranges) >= 1n << 31n
  );
}

/** What a private range says about pods and nodes of this cluster. */
export type PrivateVerdict =
  | { readonly verdict: 'too-wide'; readonly means: readonly KnownRange[] }
  /** So much of a private network that it names nobody. */
  | {
      readonly verdict: 'guessed-wide';
      readonly calls: readonly WantedFlow[];
      /** Outside traffic is meant to arrive there. */
      readonly meant: boolean;
    }
  | { readonly verdict: 'pods'; readonly range: KnownRange }
  | { readonly verdict: 'nodes'; readonly range: KnownRange }
  /** Declared calls that nothing but this range lets through: it stands for these workloads. */
  | { readonly verdict: 'stands-for'; readonly calls: readonly WantedFlow[] }
  | { readonly verdict: 'fine' };

/** A /12: a network of its own kind, whatever is known. */
const HUGE = { v4: 1n << 20n, v6: 1n << 84n };
/** A /16: wide when nothing is known of where pods are. */
const WIDE = { v4: 1n << 16n, v6: 1n << 80n };

/** Wholly inside private networks. */
export function isPrivate({ whole }: Pick<Block, 'whole'>): boolean {
  return covers(PRIVATE, [whole]);
}

export function judgePrivate(block: Block, facts: NetworkFacts): PrivateVerdict {
  if (!isPrivate(block)) return { verdict: 'fine' };
  const { ranges } = facts;
  const inner = ranges.filter(
    ({ interval, of }) => covers(block.ranges, [interval]) && (of !== 'services' || block.direction === 'egress'),
  );
  // Twice what is known to be there: one bit of prefix is a sign of meaning something else.
  const known = ranges.filter(({ interval }) => covers(block.ranges, [interval]));
  const size = sizeOf(block.ranges);
  if (inner.length > 0 && size >= 2n * sizeOf(outermost(known))) return { verdict: 'too-wide', means: inner };
  const pods = ranges.find(({ of, interval }) => of === 'pods' && overlaps(block.ranges, [interval]));
  if (pods) return { verdict: 'pods', range: pods };
  const nodes = ranges.find(({ of, interval }) => of === 'nodes' && overlaps(block.ranges, [interval]));
  if (nodes) return { verdict: 'nodes', range: nodes };
  const calls = callsThrough(block, facts);
  const family = isV4(block.whole) ? 'v4' : 'v6';
  const idle = block.direction === 'ingress' && block.subjects.some(({ id }) => !facts.needed.has(id));
  // Where outside traffic is meant to arrive, the range may be that of the load balancers; so wide it is more than theirs, unless the
  // balancer itself is for the private network.
  const isInternal = block.subjects.some(({ id }) => facts.exposures.get(id)?.some(({ sources }) => sources.length > 0));
  if (size >= HUGE[family] && !(block.direction === 'ingress' && !idle && isInternal))
    return { verdict: 'guessed-wide', calls, meant: !idle && block.direction === 'ingress' };
  const podsKnown = ranges.some(({ of }) => of === 'pods');
  if (!podsKnown && size >= WIDE[family] && (idle || calls.length > 0)) return { verdict: 'guessed-wide', calls, meant: false };
  const alone = podsKnown ? [] : calls.filter((call) => !isServed(call, facts));
  return alone.length > 0 ? { verdict: 'stands-for', calls: alone } : { verdict: 'fine' };
}

/** Ranges inside others count once. */
function outermost(ranges: readonly KnownRange[]): readonly Interval[] {
  const intervals = ranges.map(({ interval }) => interval);
  return intervals.filter(
    (each, i) => !intervals.some((other, j) => j !== i && covers([other], [each]) && (sizeOf([other]) > sizeOf([each]) || j < i)),
  );
}

/** Declared calls that the rule would serve. */
function callsThrough({ direction, subjects, rule }: Block, { flows }: NetworkFacts): readonly WantedFlow[] {
  const own = new Set(subjects.map(({ id }) => id));
  return flows.filter(
    ({ from, to, port, transport }) =>
      own.has(direction === 'ingress' ? to : from) && rulePort(rule.ports, transport === 'UDP' ? 'UDP' : 'TCP', port),
  );
}

function isServed({ from, to, port, transport = 'TCP' }: WantedFlow, { reach }: NetworkFacts): boolean {
  return reach.connections(from, to).some((each) => each.transport === transport && each.first <= port && port <= each.last);
}
