// What every check sees: the system, each workload with its ports and the policies in force there, and how a finding is made.
import type { AuthorizationPolicy } from '#model/istio.ts';
import { findingId } from '#model/finding.ts';
import type { Finding, FindingSeverity } from '#model/finding.ts';
import { formatPath, originOf } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import { resourceId } from '#model/resource.ts';
import type { Resource } from '#model/resource.ts';
import type { Service, System, Workload } from '#model/system.ts';
import { servicesOf, workloadPorts } from '#plan/services.ts';
import type { WorkloadPort } from '#plan/services.ts';
import { CODES } from './catalogue.ts';
import { workloadsMatching } from '#plan/matching.ts';
import { buildGateways } from '#plan/gateways.ts';
import type { GatewayPlan, PolicySet } from '#plan/plan.ts';
import { isInForce, policiesFor } from '#plan/select.ts';
import type { PolicyPoint } from '#plan/select.ts';

export interface LintWorkload extends PolicyPoint {
  readonly id: string;
  readonly workload: Workload;
  readonly owned: readonly Service[];
  readonly ports: readonly WorkloadPort[];
  readonly policies: PolicySet;
}

export interface LintContext {
  readonly system: System;
  readonly workloads: readonly LintWorkload[];
  readonly gateways: readonly GatewayPlan[];
}

export type Check = (context: LintContext) => Finding[];

export const ISTIO_POLICY = 'https://istio.io/latest/docs/reference/config/security/authorization-policy/';
export const ISTIO_PEER = 'https://istio.io/latest/docs/reference/config/security/peer_authentication/';
export const ISTIO_REQUEST = 'https://istio.io/latest/docs/reference/config/security/request_authentication/';
export const ISTIO_NORMALIZATION = 'https://istio.io/latest/docs/reference/config/security/normalization/';
export const ZERO_TRUST = 'NIST SP 800-207';

export function lintContext(system: System): LintContext {
  const gateways = buildGateways(system, { placements: {}, gateways: {}, isolation: 'none' }, [], []);
  const workloads = system.workloads.map((workload): LintWorkload => {
    const owned = servicesOf(system, workload);
    const { id, namespace, labels } = workload;
    const point = { namespace, labels, services: owned.map((service) => service.id) };
    return { id, ...point, workload, owned, ports: workloadPorts(system, workload), policies: policiesFor(system, point) };
  });
  return { system, workloads, gateways };
}

/** The workloads on which a policy is in force. */
export function selected(context: LintContext, policy: Parameters<typeof isInForce>[0]): LintWorkload[] {
  const { rootNamespace } = context.system.mesh;
  return candidates(context, policy).filter((workload) => isInForce(policy, workload, rootNamespace));
}

const byId = new WeakMap<LintContext['workloads'], ReadonlyMap<string, LintWorkload>>();

/** A selector in a namespace of its own can only take in what carries its labels there. */
function candidates(
  { system, workloads }: LintContext,
  { spec, metadata }: Parameters<typeof isInForce>[0],
): readonly LintWorkload[] {
  if ((spec.targetRefs ?? []).length > 0 || !spec.selector || metadata.namespace === system.mesh.rootNamespace) return workloads;
  let known = byId.get(workloads);
  if (!known) byId.set(workloads, (known = new Map(workloads.map((workload) => [workload.id, workload]))));
  return workloadsMatching(system, metadata.namespace, spec.selector.matchLabels).flatMap(({ id }) => known.get(id) ?? []);
}

export interface Draft {
  readonly code: string;
  readonly severity: FindingSeverity;
  readonly title: string;
  readonly message: string;
  readonly fix?: Finding['fix'];
  readonly references?: readonly string[];
  /** Tells two findings of one check at one place apart. */
  readonly detail?: string;
  /** Of what holds of a whole and only has to stand somewhere: its name in place of the resource's, and in the id. */
  readonly about?: string;
}

/** A finding about a part of a resource. */
export function findingAt(resource: Resource, path: Path, draft: Draft): Finding {
  const { detail, fix, references, about, ...rest } = draft;
  const location = originOf(resource, path) ?? originOf(resource);
  const at = formatPath(path);
  return {
    id:
      about === undefined
        ? findingId(draft.code, resourceId(resource), at, detail ?? '')
        : findingId(draft.code, about, detail ?? ''),
    ...rest,
    ...(location && { location }),
    ...(at !== '' && { path: at }),
    subject: about ?? resourceId(resource),
    ...CODES.get(draft.code),
    ...(fix && { fix }),
    references: references ?? [ISTIO_POLICY],
  };
}

/** `namespace/name` */
export function nameOf(resource: Resource): string {
  return `${resource.metadata.namespace}/${resource.metadata.name}`;
}

/** A value list of a rule, wherever it stands. */
export interface ValueList {
  readonly policy: AuthorizationPolicy;
  readonly rule: number;
  readonly path: Path;
  /** `paths`, `principals`, …; for conditions their key. */
  readonly field: string;
  readonly negated: boolean;
  readonly values: readonly string[];
}

/** Every value list of a policy, in order. */
export function valueLists(policy: AuthorizationPolicy): ValueList[] {
  const lists: ValueList[] = [];
  for (const [rule, { from, to, when }] of (policy.spec.rules ?? []).entries()) {
    const base: Path = ['spec', 'rules', rule];
    const add = (path: Path, object: object): void => {
      for (const [name, values] of Object.entries(object)) {
        if (!Array.isArray(values)) continue;
        const negated = name.startsWith('not');
        const field = negated ? name.charAt(3).toLowerCase() + name.slice(4) : name;
        lists.push({ policy, rule, path: [...path, name], field, negated, values: values as string[] });
      }
    };
    for (const [index, item] of (from ?? []).entries()) add([...base, 'from', index, 'source'], item.source ?? {});
    for (const [index, item] of (to ?? []).entries()) add([...base, 'to', index, 'operation'], item.operation ?? {});
    for (const [index, { key, values, notValues }] of (when ?? []).entries()) {
      if (values) lists.push({ policy, rule, path: [...base, 'when', index, 'values'], field: key, negated: false, values });
      if (notValues)
        lists.push({ policy, rule, path: [...base, 'when', index, 'notValues'], field: key, negated: true, values: notValues });
    }
  }
  return lists;
}

/** `a`, `b` and 3 more */
export function listText(names: readonly string[], max = 4): string {
  const shown = names.slice(0, max).map((name) => `\`${name}\``);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
