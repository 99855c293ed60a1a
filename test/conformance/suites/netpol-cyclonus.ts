// NetworkPolicy semantics by the cells of cyclonus: every pair of pods, every port, both directions.
import { join } from 'node:path';
import { readSystem } from '#ingest/read.ts';
import { hasPort } from '#scan/reach/connections.ts';
import { endpointsOf } from '#scan/reach/endpoints.ts';
import type { Transport } from '#scan/reach/face.ts';
import { intervalsOf } from '#scan/reach/address.ts';
import { Kernel } from '#scan/reach/kernel.ts';
import { policiesOf } from '#scan/reach/policies.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface Row {
  readonly case: string;
  readonly step: number;
  readonly pods: Readonly<Record<string, { ip: string; labels: Record<string, string>; nsLabels: Record<string, string> }>>;
  readonly policies: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly spec: unknown;
  }[];
  readonly keys: readonly string[];
  readonly allowed: Readonly<Record<string, readonly string[]>>;
}

export const suite = {
  name: 'netpol-cyclonus',
  needs: 'netpol/cyclonus.jsonl.gz',
  run: ({ dir }) => Promise.resolve(readJsonLines<Row>(join(dir, 'netpol/cyclonus.jsonl.gz')).flatMap(judge)),
} satisfies Suite;

/** One result a pair of pods. */
function judge(row: Row, index: number): RowResult[] {
  const ports = row.keys.map((key) => {
    const [transport, port] = key.split('/') as [Transport, string];
    return { key, transport, port: Number(port) };
  });
  const { system, diagnostics } = readSystem([
    { file: 'row.yaml', text: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: documents(row, ports) }) },
  ]);
  const mistake = diagnostics.find(({ severity }) => severity === 'error');
  const endpoints = endpointsOf(system).map((endpoint) => ({ ...endpoint, addresses: intervalsOf([row.pods[endpoint.id]!.ip]) }));
  const kernel = new Kernel(endpoints, policiesOf(system));
  return Object.entries(row.allowed).map(([pair, wanted]) => {
    const id = `${index} ${row.case} #${row.step}: ${pair}`;
    if (mistake) return { id, pass: false, why: mistake.message };
    const [from, to] = pair.split(' > ').map((name) => endpoints.findIndex((endpoint) => endpoint.id === name)) as [
      number,
      number,
    ];
    const set = kernel.connections(from, to);
    const got = ports.filter(({ transport, port }) => hasPort(set, transport, port)).map(({ key }) => key);
    const pass = got.length === wanted.length && got.every((key) => wanted.includes(key));
    return pass ? { id, pass } : { id, pass, why: `${got.join()}, want ${wanted.join()}` };
  });
}

/** cyclonus' pods serve every port under the name `serve-80-tcp`. */
function documents(row: Row, ports: readonly { readonly transport: Transport; readonly port: number }[]): unknown[] {
  const namespaces = new Map<string, Record<string, string>>();
  const pods = Object.entries(row.pods).map(([id, { labels, nsLabels }]) => {
    const [namespace, name] = id.split('/') as [string, string];
    namespaces.set(namespace, nsLabels);
    const container = {
      name: 'serve',
      ports: ports.map(({ transport, port }) => ({
        containerPort: port,
        protocol: transport,
        name: `serve-${port}-${transport.toLowerCase()}`,
      })),
    };
    return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec: { containers: [container] } };
  });
  return [
    ...[...namespaces].map(([name, labels]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } })),
    ...pods,
    ...row.policies.map((policy) => ({ ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' })),
  ];
}
