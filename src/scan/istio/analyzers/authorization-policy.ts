// Policies whose selector picks no workload, and rules about namespaces that do not exist.
import type { Resource } from '#model/resource.ts';
import { listAt, memberOf, objectAt, recordAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const AUTHORIZATION_POLICY_ANALYZER = {
  id: 'istio.authorization-policy',
  analyzer: 'authz.AuthorizationPoliciesAnalyzer',
  name: 'AuthorizationPolicy without anything that it holds on',
  severity: 'low',
  cwe: [1220],
  why: 'A policy that picks no workload guards nothing, and a namespace that does not exist is given to whoever makes it.',
  help: 'correct the selector or the name of the namespace, or remove the policy',
  references: [messageUrl('NoMatchingWorkloadsFound')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    const namespaces = knownNamespaces(mesh);
    for (const policy of mesh.istio('security', 'AuthorizationPolicy')) {
      // In files that are only a part of what runs, `policy.selects-nothing` tells what can be told.
      if (mesh.complete) yield* selects(mesh, policy);
      yield* namesNamespaces(mesh, policy, namespaces);
    }
  },
} satisfies MeshAnalyzer;

function* selects(mesh: MeshIndex, policy: Resource): Generator<MeshHit> {
  const { spec, metadata } = policy;
  if (memberOf(spec, 'targetRef') !== undefined || listAt(spec, 'targetRefs').length > 0) return;
  const labels = recordAt(objectAt(spec, 'selector'), 'matchLabels');
  const some = Object.keys(labels).length > 0;
  if (!some && metadata.namespace === mesh.rootNamespace) return;
  if (mesh.podsFor(metadata.namespace, labels).length > 0) return;
  const text = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  yield {
    code: 'NoMatchingWorkloadsFound',
    at: { resource: policy, path: some ? ['spec', 'selector'] : [] },
    title: some ? `no workload carries ${text.join(',')}` : `nothing runs in namespace \`${metadata.namespace}\``,
  };
}

function* namesNamespaces(mesh: MeshIndex, policy: Resource, known: ReadonlySet<string>): Generator<MeshHit> {
  for (const rule of itemsAt(policy.spec, 'rules', ['spec'])) {
    for (const { raw, path } of itemsAt(rule.raw, 'from', rule.path)) {
      const source = objectAt(raw, 'source');
      for (const field of ['namespaces', 'notNamespaces']) {
        for (const item of itemsAt(source, field, [...path, 'source'])) {
          if (typeof item.raw !== 'string' || matchesSome(item.raw, known)) continue;
          // Files that make no namespaces themselves do not say which there are.
          if (!mesh.complete && (mesh.namespaces.size < 2 || mesh.rootNamespace === item.raw)) continue;
          yield {
            code: 'ReferencedResourceNotFound',
            at: { resource: policy, path: item.path },
            title: `there is no namespace \`${item.raw}\``,
            detail: item.raw,
          };
        }
      }
    }
  }
}

function knownNamespaces(mesh: MeshIndex): ReadonlySet<string> {
  return new Set([...mesh.namespaces.keys(), ...mesh.pods.map(({ namespace }) => namespace)]);
}

/** `*` alone, at the start, or at the end, as the values of a rule have it. */
function matchesSome(pattern: string, names: ReadonlySet<string>): boolean {
  if (pattern === '*') return true;
  if (pattern.startsWith('*')) return names.values().some((name) => name.endsWith(pattern.slice(1)));
  if (pattern.endsWith('*')) return names.values().some((name) => name.startsWith(pattern.slice(0, -1)));
  return names.has(pattern);
}
