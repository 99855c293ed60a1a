// Whether anything would enforce what mesh policies say: where nothing does, their absence is no gap of theirs.
import type { System } from '#model/system.ts';

/**
 * `marked`: namespaces are injected, security policies or this platform's own kinds are there. `declared`: only routing of a mesh is.
 * `other`: a mesh that does not read Istio's policies and encrypts by itself. `none`: no sign of any.
 */
export type MeshUse = 'marked' | 'declared' | 'other' | 'none';

const MARKS = ['istio-injection', 'istio.io/rev', 'istio.io/dataplane-mode'];
const POD_MARKS = ['sidecar.istio.io/inject', 'istio.io/rev', 'istio.io/dataplane-mode'];
const OTHER_MARKS = [
  'linkerd.io/inject',
  'kuma.io/sidecar-injection',
  'consul.hashicorp.com/connect-inject',
  'openservicemesh.io/sidecar-injection',
];
const OWN_GROUPS = /^(?:security\.istio\.io|cullis\.dev)\//;
/** They are for the build and say nothing of what runs. */
const OF_THE_TEAM: ReadonlySet<string> = new Set(['GatePolicy', 'Suppressions']);
const ROUTING_GROUPS = /^(?:networking|telemetry|extensions)\.istio\.io\//;
const OTHER_GROUPS = /^(?:policy\.linkerd\.io|linkerd\.io|kuma\.io|consul\.hashicorp\.com)\//;

/** What speaks for a mesh in a system. */
export function meshUse({ namespaces, workloads, resources, runs }: System): MeshUse {
  const labelled = (records: readonly Readonly<Record<string, string>>[], keys: readonly string[]): boolean =>
    records.some((record) => keys.some((key) => Object.hasOwn(record, key) && !OFF.has(record[key] ?? '')));
  const spaces = namespaces.map(({ labels }) => labels);
  const pods = workloads.flatMap(({ labels, annotations }) => [labels, annotations]);
  if (runs.length > 0 || labelled(spaces, MARKS) || labelled(pods, POD_MARKS)) return 'marked';
  const groups = (pattern: RegExp): boolean =>
    resources.some(({ apiVersion, kind }) => pattern.test(apiVersion) && !OF_THE_TEAM.has(kind));
  if (groups(OWN_GROUPS)) return 'marked';
  const others = resources.flatMap(({ kind, metadata }) => (kind === 'Namespace' ? [metadata.annotations] : []));
  if (labelled([...spaces, ...others, ...pods], OTHER_MARKS) || groups(OTHER_GROUPS)) return 'other';
  return groups(ROUTING_GROUPS) ? 'declared' : 'none';
}

const OFF: ReadonlySet<string> = new Set(['disabled', 'false', 'none']);
