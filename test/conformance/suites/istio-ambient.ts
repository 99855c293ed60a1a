// Istio's golden translations for ztunnel: the same connections are put to them and to the policy compiled for ambient mode.
import { join } from 'node:path';
import { parseIpRange } from '#base/ip-set.ts';
import type { Attributes } from '#model/decision.ts';
import { DEFAULT_MESH } from '#model/istio.ts';
import type { AuthorizationPolicy, PeerAuthentication } from '#model/istio.ts';
import { effectiveMtls } from '#plan/peer-authentication.ts';
import { place } from '#plan/select.ts';
import { compilePolicies } from '#policy/compile.ts';
import { readYaml } from '#syntax/yaml.ts';
import { readJsonLines } from '../data.ts';
import { list, textOf, tree } from '../envoy-rbac.ts';
import { sampleAttributes } from '../sample.ts';
import type { RowResult, Suite } from '../suite.ts';

type Tree = Readonly<Record<string, unknown>>;

interface Row {
  readonly id: string;
  readonly input: string;
  readonly output: string;
}

export const suite = {
  name: 'istio-ambient',
  needs: 'istio/ambient.jsonl',
  run: async ({ dir, full, seed }) =>
    readJsonLines<Row>(join(dir, 'istio/ambient.jsonl')).map((row) => judge(row, full ? 10_000 : 2000, seed)),
} satisfies Suite;

function judge(row: Row, count: number, seed: number): RowResult {
  const documents = readYaml('input.yaml', row.input).documents.map(({ value }) => tree(value));
  const [golden] = readYaml('output.yaml', row.output).documents.map(({ value }) => tree(value));
  const peers = documents.filter(({ kind }) => kind === 'PeerAuthentication').map((one) => resource(one) as PeerAuthentication);
  const why =
    peers.length > 0
      ? comparePeers(peers, golden)
      : comparePolicy(
          documents.map((one) => resource(one) as AuthorizationPolicy),
          golden ?? {},
          count,
          seed,
        );
  return why === undefined ? { id: row.id, pass: true } : { id: row.id, pass: false, why };
}

function resource(document: Tree): unknown {
  const { metadata, spec, kind } = document;
  const filled = kind === 'AuthorizationPolicy' ? { action: 'ALLOW', ...tree(spec) } : tree(spec);
  return {
    apiVersion: 'security.istio.io/v1',
    kind,
    metadata: { namespace: 'foo', labels: {}, annotations: {}, ...tree(metadata) },
    spec: filled,
    body: {},
  };
}

function comparePolicy(policies: readonly AuthorizationPolicy[], golden: Tree, count: number, seed: number): string | undefined {
  const compiled = compilePolicies({ authorization: policies.map(place), requestAuthentication: [] }, DEFAULT_MESH, {
    namespace: 'foo',
    mode: 'ambient',
  });
  for (const a of sampleAttributes(policies, 'tcp', count, seed)) {
    const matched = list(golden['groups']).some((group) => groupMatches(group, a));
    const want = golden['action'] === 'DENY' ? !matched : matched;
    if (compiled.authorize(a).allow !== want) return `${!want}, want ${want} for ${JSON.stringify(a)}`;
  }
  return undefined;
}

/** Plaintext is refused where ztunnel's DENY takes it; without a translation no port differs from the others. */
function comparePeers(peers: readonly PeerAuthentication[], golden: Tree | undefined): string | undefined {
  const workload = { namespace: peers.at(-1)?.metadata.namespace ?? '', labels: { app: 'a' } };
  const ports = [...peers.flatMap(({ spec }) => Object.keys(spec.portLevelMtls ?? {}).map(Number)), 1];
  const strict = ports.map(
    (port) => effectiveMtls({ mesh: DEFAULT_MESH, peerAuthentications: peers }, workload, port).mode === 'STRICT',
  );
  if (golden === undefined) return strict.every((one) => one === strict[0]) ? undefined : 'ports differ, want all alike';
  for (const [index, destinationPort] of ports.entries()) {
    const a = { sourceIdentity: undefined, sourceIp: '10.0.0.1', destinationIp: '10.0.0.2', destinationPort } as Attributes;
    const refused = list(golden['groups']).some((group) => groupMatches(group, a));
    if (refused !== strict[index]) return `port ${destinationPort}: ${strict[index] ? 'strict' : 'open'}, want the other`;
  }
  return undefined;
}

/** ztunnel: clauses ANDed, matches of a clause ORed, an empty match matches nothing, a clause without matches anything. */
function groupMatches(group: Tree, a: Attributes): boolean {
  return list(group['rules']).every((clause) => {
    const all = list(clause['matches']);
    return all.length === 0 || all.some((one) => Object.keys(one).length > 0 && matchHolds(one, a));
  });
}

function matchHolds(match: Tree, a: Attributes): boolean {
  return Object.entries(match).every(([name, values]) => {
    const negated = name.startsWith('not');
    const field = negated ? name.charAt(3).toLowerCase() + name.slice(4) : name;
    return (values as unknown[]).some((value) => valueHolds(field, value, a)) !== negated;
  });
}

function valueHolds(field: string, value: unknown, a: Attributes): boolean {
  const id = a.sourceIdentity?.replace('spiffe://', '') ?? '';
  const parts = /^([^/]*)\/ns\/([^/]*)\/sa\/([^/]*)$/.exec(id);
  switch (field) {
    case 'principals':
      return a.sourceIdentity !== undefined && textHolds(tree(value), id);
    case 'namespaces':
      return textHolds(tree(value), parts?.[2] ?? '');
    case 'serviceAccounts':
      return parts !== null && parts[2] === tree(value)['namespace'] && parts[3] === tree(value)['serviceAccount'];
    case 'sourceIps':
      return addressHolds(tree(value), a.sourceIp);
    case 'destinationIps':
      return addressHolds(tree(value), a.destinationIp);
    case 'destinationPorts':
      return a.destinationPort === value;
    default:
      throw new Error(`unknown field ${field}`);
  }
}

function textHolds(rule: Tree, text: string): boolean {
  if (rule['exact'] !== undefined) return text === rule['exact'];
  if (rule['prefix'] !== undefined) return text.startsWith(textOf(rule['prefix']));
  if (rule['suffix'] !== undefined) return text.endsWith(textOf(rule['suffix']));
  return text !== '';
}

function addressHolds(rule: Tree, address: string): boolean {
  const wanted = parseIpRange(`${[...Buffer.from(textOf(rule['address']), 'base64')].join('.')}/${textOf(rule['length'])}`);
  const seen = parseIpRange(address);
  return (
    wanted !== undefined && seen !== undefined && wanted.v4 === seen.v4 && seen.start >= wanted.start && seen.start <= wanted.end
  );
}
