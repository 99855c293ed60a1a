// Which callers the mesh policies of one target can tell apart, so that each kind of caller is asked about once.
import type { AuthorizationPolicy } from '#model/istio.ts';
import type { System, Workload } from '#model/system.ts';
import { isInForce } from '#plan/select.ts';
import { rawPod } from '../pod.ts';
import { MESH_KEY } from './classes.ts';

/** The texts by which policies speak of a workload. */
function namesOf({ identity, namespace, serviceAccount }: Workload): readonly string[] {
  const principal = identity.replace(/^spiffe:\/\//, '');
  return [
    identity,
    principal,
    namespace,
    serviceAccount,
    `${namespace}/${serviceAccount}`,
    principal.slice(0, Math.max(0, principal.indexOf('/'))),
  ];
}

export class Callers {
  readonly #system: System;
  readonly #policies: ReadonlyMap<string, readonly AuthorizationPolicy[]>;
  readonly #byName = new Map<string, number[]>();
  readonly #kinds: readonly string[];
  /** Addresses of pods are known one by one, and policies may speak of them. */
  readonly #addressed: boolean;

  constructor(system: System) {
    this.#system = system;
    this.#addressed = system.resources.some(({ kind }) => kind === 'EndpointSlice');
    this.#policies = Map.groupBy(system.authorizationPolicies, ({ metadata }) => metadata.namespace);
    const spaces = new Map(
      system.namespaces.map(({ name, labels }) => [
        name,
        JSON.stringify(Object.entries(labels).filter(([key]) => MESH_KEY.test(key) || key === 'istio-injection')),
      ]),
    );
    const runs = new Set(system.runs.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
    this.#kinds = system.workloads.map((workload, i) => {
      for (const name of new Set(namesOf(workload))) {
        const present = this.#byName.get(name);
        if (present) present.push(i);
        else this.#byName.set(name, [i]);
      }
      const own = [...Object.entries(workload.labels), ...Object.entries(workload.annotations)].filter(([key]) =>
        MESH_KEY.test(key),
      );
      const { spec } = rawPod(workload);
      return JSON.stringify([
        spaces.get(workload.namespace) ?? '',
        spec['hostNetwork'] === true,
        workload.containers.some(({ name }) => name === 'istio-proxy'),
        runs.has(workload.id),
        own,
      ]);
    });
  }

  /**
   * A key for each caller of one target: callers of one key are treated alike.
   *
   * Callers that some policy of the target names, or may name by a pattern, have a key of their own; all others differ only in how they are in the mesh.
   */
  keysFor(target: Workload): (caller: number) => string {
    if (this.#addressed) return String;
    const { namespace, labels } = target;
    const root = this.#system.mesh.rootNamespace;
    const own = [...(this.#policies.get(namespace) ?? []), ...(root === namespace ? [] : (this.#policies.get(root) ?? []))];
    const named = new Set<number>();
    for (const policy of own) {
      // A policy with targetRefs may stand at a waypoint in front of it: looked at to be safe.
      const mayApply = (policy.spec.targetRefs ?? []).length > 0 || isInForce(policy, { namespace, labels }, root);
      if (mayApply) for (const text of sourcesOf(policy)) this.#matching(text, named);
    }
    return (caller) => (named.has(caller) ? String(caller) : this.#kinds[caller]!);
  }

  #matching(text: string, into: Set<number>): void {
    if (!text.includes('*') || text === '*') {
      // `*` matches whoever has any identity: membership says who has.
      for (const i of this.#byName.get(text) ?? []) into.add(i);
      return;
    }
    const part = text
      .replace(/^\*/, '')
      .replace(/\*$/, '')
      .replace(/^spiffe:\/\//, '');
    for (const [name, indexes] of this.#byName) if (name.includes(part)) for (const i of indexes) into.add(i);
  }
}

/** Every text by which a policy speaks of callers. */
function sourcesOf({ spec }: AuthorizationPolicy): readonly string[] {
  const texts: string[] = [];
  for (const { from, when } of spec.rules ?? []) {
    for (const { source } of from ?? [])
      for (const values of Object.values(source) as unknown[]) if (Array.isArray(values)) texts.push(...(values as string[]));
    for (const { key, values, notValues } of when ?? [])
      if (key.startsWith('source.')) texts.push(...(values ?? []), ...(notValues ?? []));
  }
  return texts;
}
