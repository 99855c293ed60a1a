// `cullis netmap`: all flows of a System at once, and what changes between two Systems.
import { notEvaluatedList } from './ask.ts';
import type { ReachAnswer } from './ask.ts';
import { formatRanges } from './connections.ts';
import { INTERNET } from './face.ts';
import type { Access, Exposure, PortRange, Transport } from './face.ts';
import type { SystemReach } from './reach.ts';

/** Everyone who may use one port in one way. */
export interface Flow {
  readonly to: string;
  readonly port: number;
  readonly transport: Transport;
  readonly link: Exclude<Access['link'], 'refused'>;
  readonly requests: 'all' | 'some';
  /** Workload ids; `*` alone: every other workload. */
  readonly from: readonly string[];
}

export interface Netmap {
  readonly workloads: readonly string[];
  readonly flows: readonly Flow[];
  readonly exposures: readonly Pick<
    Exposure,
    'to' | 'port' | 'transport' | 'through' | 'hosts' | 'tls' | 'sources' | 'authenticated'
  >[];
  /** What each workload reaches outside; workloads alike stand together. */
  readonly egress: readonly { readonly from: readonly string[]; readonly ranges: readonly PortRange[] }[];
  readonly notEvaluated: ReachAnswer['notEvaluated'];
}

export const EVERY_WORKLOAD = '*';

/** Declared ports and who gets at least some requests through to them. */
export function netmap(reach: SystemReach): Netmap {
  const flows = reach.workloads.flatMap((to) => flowsTo(reach, to));
  const egress = new Map<string, { from: string[]; ranges: readonly PortRange[] }>();
  for (const id of reach.workloads) {
    const ranges = reach.connections(id, INTERNET);
    const key = formatRanges(ranges);
    const present = egress.get(key);
    if (present) present.from.push(id);
    else egress.set(key, { from: [id], ranges });
  }
  return {
    workloads: reach.workloads,
    flows,
    exposures: reach.exposures().map(({ to, port, transport = 'TCP', through, hosts, tls, sources, authenticated }) => ({
      to,
      port,
      transport,
      through,
      hosts,
      tls,
      sources,
      authenticated,
    })),
    egress: [...egress.values()].filter(({ ranges }) => ranges.length > 0),
    notEvaluated: notEvaluatedList(reach),
  };
}

function flowsTo(reach: SystemReach, to: string): readonly Flow[] {
  const groups = new Map<string, { flow: Omit<Flow, 'from'>; from: string[] }>();
  for (const from of reach.workloads) {
    if (from === to || reach.connections(from, to).length === 0) continue;
    for (const { port, transport, network, link, requests } of reach.access(from, to)) {
      if (!network || link === 'refused' || requests === 'none') continue;
      const key = `${transport} ${port} ${link} ${requests}`;
      const group = groups.get(key) ?? { flow: { to, port, transport, link, requests }, from: [] };
      group.from.push(from);
      groups.set(key, group);
    }
  }
  const others = reach.workloads.length - 1;
  return [...groups.values()].map(({ flow, from }) => ({
    ...flow,
    from: from.length === others && others > 1 ? [EVERY_WORKLOAD] : from,
  }));
}

const FROM_MAX = 20;

export function netmapText(map: Netmap): string {
  const lines: string[] = [];
  for (const flow of map.flows) {
    const from = flow.from[0] === EVERY_WORKLOAD ? 'every workload' : list(flow.from);
    lines.push(`${flow.to} ${flow.transport} ${flow.port} <- ${from}${detail(flow)}`);
  }
  for (const { to, port, transport = 'TCP', through, hosts, tls, sources, authenticated } of map.exposures) {
    const notes = [
      through,
      tls ? 'TLS' : 'no TLS',
      authenticated ? 'authenticated' : 'anyone',
      ...(hosts.length > 0 ? [list(hosts)] : []),
      ...(sources.length > 0 ? [`from ${list(sources)}`] : []),
    ];
    lines.push(`${to} ${transport} ${port} <- ${INTERNET} (${notes.join(', ')})`);
  }
  for (const { from, ranges } of map.egress) lines.push(`${INTERNET} ${formatRanges(ranges)} <- ${list(from)}`);
  for (const { resource, at } of map.notEvaluated) lines.push(`not evaluated: ${resource} (${at})`);
  return lines.length > 0 ? `${lines.join('\n')}\n` : 'no flows\n';
}

function list(names: readonly string[]): string {
  return names.length <= FROM_MAX
    ? names.join(', ')
    : `${names.slice(0, FROM_MAX).join(', ')} and ${names.length - FROM_MAX} more`;
}

function detail({ link, requests }: Pick<Flow, 'link' | 'requests'>): string {
  const notes = [
    ...(link === 'none' ? [] : [link === 'mtls' ? 'mutual TLS' : 'plaintext']),
    ...(requests === 'some' ? ['some requests'] : []),
  ];
  return notes.length > 0 ? ` (${notes.join(', ')})` : '';
}

/** Graphviz: workloads by namespace, `internet`, and one arrow for each pair. */
export function netmapDot(map: Netmap): string {
  const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  const lines = ['digraph netmap {', '  rankdir=LR;', '  node [shape=box];'];
  for (const [namespace, ids] of Map.groupBy(map.workloads, (id) => id.slice(0, id.indexOf('/')))) {
    lines.push(`  subgraph ${quote(`cluster_${namespace}`)} {`, `    label=${quote(namespace)};`);
    for (const id of ids) lines.push(`    ${quote(id)};`);
    lines.push('  }');
  }
  const arrows = new Map<string, Set<string>>();
  const arrow = (from: string, to: string, label: string): void => {
    const key = `${quote(from)} -> ${quote(to)}`;
    arrows.set(key, (arrows.get(key) ?? new Set()).add(label));
  };
  for (const flow of map.flows) {
    const from = flow.from[0] === EVERY_WORKLOAD ? ['every workload'] : flow.from;
    for (const each of from) arrow(each, flow.to, `${flow.transport} ${flow.port}`);
  }
  for (const { to, port, through } of map.exposures) arrow(INTERNET, to, `${port} ${through}`);
  for (const { from } of map.egress) for (const each of from) arrow(each, INTERNET, 'egress');
  for (const [ends, labels] of arrows) lines.push(`  ${ends} [label=${quote([...labels].join(', '))}];`);
  return `${[...lines, '}'].join('\n')}\n`;
}

export interface NetmapDiff {
  readonly added: readonly FlowChange[];
  readonly removed: readonly FlowChange[];
  /** Same flow, other link or other requests. */
  readonly changed: readonly { readonly before: FlowChange; readonly after: FlowChange }[];
  readonly exposed: readonly string[];
  readonly covered: readonly string[];
  readonly text: string;
}

export interface FlowChange {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly transport: Transport;
  readonly link: Flow['link'];
  readonly requests: Flow['requests'];
}

/** What a change of the manifests opens and closes. */
export function diffNetmaps(before: Netmap, after: Netmap): NetmapDiff {
  const [old, now] = [expanded(before), expanded(after)];
  const added = [...now].flatMap(([key, flow]) => (old.has(key) ? [] : [flow]));
  const removed = [...old].flatMap(([key, flow]) => (now.has(key) ? [] : [flow]));
  const changed = [...now].flatMap(([key, flow]) => {
    const was = old.get(key);
    return was && (was.link !== flow.link || was.requests !== flow.requests) ? [{ before: was, after: flow }] : [];
  });
  const [oldDoors, doors] = [doorsOf(before), doorsOf(after)];
  const exposed = [...doors].filter((door) => !oldDoors.has(door));
  const covered = [...oldDoors].filter((door) => !doors.has(door));
  const line = ({ from, to, port, transport, ...rest }: FlowChange): string =>
    `${from} -> ${to} ${transport} ${port}${detail(rest)}`;
  const lines = [
    ...exposed.map((door) => `+ ${door}`),
    ...added.map((flow) => `+ ${line(flow)}`),
    ...changed.map(({ before: was, after: is }) => `~ ${line(was)} -> ${line(is)}`),
    ...removed.map((flow) => `- ${line(flow)}`),
    ...covered.map((door) => `- ${door}`),
  ];
  return { added, removed, changed, exposed, covered, text: lines.length > 0 ? `${lines.join('\n')}\n` : 'no difference\n' };
}

const FLOWS_MAX = 2_000_000;

function expanded({ flows, workloads }: Netmap): ReadonlyMap<string, FlowChange> {
  const found = new Map<string, FlowChange>();
  for (const { from, ...rest } of flows) {
    const sources = from[0] === EVERY_WORKLOAD ? workloads.filter((id) => id !== rest.to) : from;
    for (const source of sources) {
      if (found.size < FLOWS_MAX) found.set(`${source} ${rest.to} ${rest.transport} ${rest.port}`, { from: source, ...rest });
    }
  }
  return found;
}

function doorsOf({ exposures }: Netmap): ReadonlySet<string> {
  return new Set(
    exposures.map(({ to, port, through, tls, sources, authenticated }) => {
      const notes = [
        through,
        ...(tls ? [] : ['no TLS']),
        ...(authenticated ? [] : ['anyone']),
        ...(sources.length > 0 ? [`from ${sources.join(', ')}`] : []),
      ];
      return `${INTERNET} -> ${to} ${port} (${notes.join(', ')})`;
    }),
  );
}
