// np-guard's connection lists: NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy, Ingress and Route over real manifests.
import { join } from 'node:path';
import { readSystem } from '#ingest/read.ts';
import { formatAddress, isV4, partition } from '#scan/reach/address.ts';
import { rangesOf } from '#scan/reach/connections.ts';
import { endpointsOf } from '#scan/reach/endpoints.ts';
import { ingressDrafts } from '#scan/reach/exposures/ingress.ts';
import type { PortRange } from '#scan/reach/face.ts';
import { Kernel } from '#scan/reach/kernel.ts';
import type { Endpoint } from '#scan/reach/matching.ts';
import { policiesOf } from '#scan/reach/policies.ts';
import type { Direction, Policy } from '#scan/reach/policy.ts';
import { asObject, listAt, numberAt, objectAt, recordAt, textAt } from '#base/raw.ts';
import { eachYamlDocument } from '#syntax/yaml.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Connection {
  readonly src: string;
  readonly dst: string;
  readonly conn: string;
}

interface Row {
  readonly dir: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly expect: { readonly txt?: string; readonly json?: readonly Connection[] | string };
}

export const suite = {
  name: 'netpol-npguard',
  needs: 'netpol/npguard.jsonl.gz',
  run: ({ dir }) => Promise.resolve(readJsonLines<Row>(join(dir, 'netpol/npguard.jsonl.gz')).flatMap(judge)),
} satisfies Suite;

/** One result a folder and format. */
function judge(row: Row): RowResult[] {
  const got = connectionsOf(row);
  const lines = new Set(got.map(({ src, dst, conn }) => `${src} => ${dst} : ${conn}`));
  const compare = (format: string, wanted: readonly string[]): RowResult => {
    const [missing] = wanted.filter((line) => !lines.has(line));
    const [extra] = [...lines].filter((line) => !wanted.includes(line));
    const id = `${row.dir} ${format}`;
    if (missing === undefined && extra === undefined) return { id, pass: true };
    return { id, pass: false, why: `missing: ${missing ?? '-'}; too much: ${extra ?? '-'}` };
  };
  const { txt, json } = row.expect;
  const list = typeof json === 'string' ? (JSON.parse(json) as Connection[]) : json;
  return [
    ...(txt === undefined
      ? []
      : [
          compare(
            'txt',
            txt.split('\n').filter((line) => line.trim() !== ''),
          ),
        ]),
    ...(list === undefined
      ? []
      : [
          compare(
            'json',
            list.map(({ src, dst, conn }) => `${src} => ${dst} : ${conn}`),
          ),
        ]),
  ];
}

interface Raw {
  readonly kind?: string;
  readonly items?: readonly Raw[];
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly ownerReferences?: readonly { readonly name: string; readonly kind?: string }[];
  } & Readonly<Record<string, unknown>>;
}

/** A pod without labels in a namespace of its own, as np-guard has the controller. */
const CONTROLLER: Endpoint = {
  id: '{ingress-controller}',
  namespace: 'ingress-controller-ns',
  namespaceLabels: {},
  labels: {},
  ports: [],
  hostNetwork: false,
  addresses: [],
};

function connectionsOf(row: Row): Connection[] {
  const { documents, kinds } = documentsOf(row);
  const { system } = readSystem([
    { file: 'row.json', text: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: documents }) },
  ]);
  const policies = policiesOf(system);
  // np-guard's address blocks speak of what is outside the cluster only, and it takes host-network pods as others.
  const pods = endpointsOf(system).map((endpoint) => ({ ...endpoint, addresses: [], hostNetwork: false }));
  const kernel = new Kernel([...pods, CONTROLLER], policies);
  const names = system.workloads.map(({ id, kind, namespace, name }) => `${namespace}/${name}[${kinds.get(id) ?? kind}]`);
  const result: Connection[] = [];
  const add = (src: string, dst: string, ranges: readonly PortRange[]): void => {
    if (ranges.length > 0) result.push({ src, dst, conn: format(ranges) });
  };
  const [sources, targets] = [blocksOf(policies, 'ingress'), blocksOf(policies, 'egress')];
  const atom = (first: bigint): number =>
    pods.length + 1 + kernel.atoms.findIndex((each) => each.first <= first && first <= each.last);
  pods.forEach((_, i) => {
    pods.forEach((_other, j) => {
      if (i !== j) add(names[i]!, names[j]!, rangesOf(kernel.connections(i, j)));
    });
    for (const { first, last } of sources) add(external(first, last), names[i]!, rangesOf(kernel.connections(atom(first), i)));
    for (const { first, last } of targets) add(names[i]!, external(first, last), rangesOf(kernel.connections(i, atom(first))));
  });
  const served = Map.groupBy(ingressDrafts(system, []), ({ target }) => target.id);
  for (const [id, drafts] of served) {
    const i = pods.findIndex((pod) => pod.id === id);
    const wanted = kernel.table.of(drafts.map(({ transport, port }) => ({ transport, first: port, last: port })));
    add(CONTROLLER.id, names[i]!, rangesOf(kernel.table.intersect(wanted, kernel.connections(pods.length, i))));
  }
  return result;
}

/** All documents, with the pods of one owner as one pod in the owner's name. */
function documentsOf({ files }: Row): { readonly documents: unknown[]; readonly kinds: Map<string, string> } {
  const documents: unknown[] = [];
  const kinds = new Map<string, string>();
  const seen = new Set<string>();
  const take = (raw: Raw): void => {
    if (raw.kind?.endsWith('List') === true && raw.items) {
      for (const item of raw.items)
        take({
          ...(raw.kind === 'List'
            ? {}
            : { apiVersion: (raw as { apiVersion?: string }).apiVersion, kind: raw.kind.slice(0, -4) }),
          ...item,
        });
      return;
    }
    const first = raw.kind === 'Pod' ? raw.metadata?.ownerReferences?.[0] : undefined;
    // A static pod belongs to its node.
    const owner = first?.kind === 'Node' ? undefined : first;
    const { ownerReferences: _, ...metadata } = raw.metadata ?? {};
    // Names with `_` are none in Kubernetes; np-guard takes them.
    const name = (owner?.name ?? metadata.name ?? '').replaceAll('_', '-');
    const id = `${metadata.namespace ?? 'default'}/${name}`;
    if (owner) {
      if (seen.has(id)) return;
      seen.add(id);
      kinds.set(id, owner.kind ?? 'Pod');
    }
    documents.push(plain({ ...raw, metadata: { ...metadata, name } }));
  };
  for (const { path, text } of files) eachYamlDocument(path, text, (document) => take((document.value ?? {}) as Raw));
  return { documents, kinds };
}

const NEEDED = ['Namespace', 'NetworkPolicy', 'AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'Ingress', 'Route'];

/**
 * A document with what the network asks of it alone: the folders hold manifests that no cluster takes (selectors that miss their own
 * template, ports of a Service without names), which np-guard reads all the same.
 */
function plain(raw: Raw): unknown {
  const { kind = '', metadata, ...rest } = raw as Raw & { readonly apiVersion?: string; readonly spec?: unknown };
  const { name, namespace, labels } = metadata ?? {};
  const meta = { name, ...(namespace !== undefined && { namespace }), ...(labels !== undefined && { labels }) };
  if (NEEDED.includes(kind)) return { ...raw, metadata: meta };
  const head = { apiVersion: rest.apiVersion, kind, metadata: meta };
  if (kind === 'Service') {
    const ports = listAt(rest.spec, 'ports').map((port, i) => ({ ...(port as object), name: textAt(port, 'name') ?? `p${i}` }));
    return { ...head, spec: { ...asObject(rest.spec), ports } };
  }
  if (kind === 'Pod') return { ...head, spec: plainPod(rest.spec) };
  const job = kind === 'CronJob' ? objectAt(objectAt(rest.spec, 'jobTemplate'), 'spec') : asObject(rest.spec);
  const template = objectAt(job, 'template');
  if (!template) return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${kind.toLowerCase()}-${name ?? ''}` } };
  const podLabels = recordAt(objectAt(template, 'metadata'), 'labels');
  const pods = { metadata: { labels: { ...podLabels } }, spec: plainPod(template['spec']) };
  if (kind === 'CronJob') return { ...head, spec: { schedule: '* * * * *', jobTemplate: { spec: { template: pods } } } };
  return { ...head, spec: { ...(kind !== 'Job' && { selector: { matchLabels: { ...podLabels } } }), template: pods } };
}

function plainPod(spec: unknown): unknown {
  const containers = listAt(spec, 'containers').map((container, i) => ({
    name: `c${i}`,
    ports: listAt(container, 'ports').flatMap((port) => {
      const containerPort = numberAt(port, 'containerPort');
      const [protocol, name] = [textAt(port, 'protocol'), textAt(port, 'name')];
      return containerPort === undefined
        ? []
        : [{ containerPort, ...(protocol !== undefined && { protocol }), ...(name !== undefined && { name }) }];
    }),
  }));
  return { containers };
}

/** Intervals of IPv4 that rules of one direction tell apart. */
function blocksOf(policies: readonly Policy[], direction: Direction): { first: bigint; last: bigint }[] {
  const ranges = policies.flatMap((policy) =>
    (policy[direction] ?? []).flatMap(({ peers }) =>
      peers === 'any' ? [] : peers.flatMap((peer) => (peer.kind === 'block' ? peer.ranges : [])),
    ),
  );
  return partition(ranges).filter(isV4);
}

function external(first: bigint, last: bigint): string {
  return `${formatAddress(first)}-${formatAddress(last)}[External]`;
}

function format(ranges: readonly PortRange[]): string {
  if (ranges.length === 3 && ranges.every(({ first, last }) => first === 1 && last === 65_535)) return 'All Connections';
  return (['SCTP', 'TCP', 'UDP'] as const)
    .flatMap((transport) => {
      const own = ranges.filter((range) => range.transport === transport);
      return own.length === 0
        ? []
        : [`${transport} ${own.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join()}`];
    })
    .join();
}
