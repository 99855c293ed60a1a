// Whether a rule allows a request, as the RBAC authorizer decides it (k8s.io/component-helpers/auth/rbac/validation).
import type { PolicyRule } from './builtin.ts';

/** A request at the Kubernetes API. */
export interface ApiRequest {
  readonly verb: string;
  /** '' is the core group. */
  readonly group?: string;
  /** `pods`, `pods/exec` */
  readonly resource: string;
  /** The object's name; without one the question is whether every object, or an unnamed one, may be touched. */
  readonly name?: string;
}

/**
 * Whether one rule allows a request. A rule that names objects (`resourceNames`) allows only those: what has no name yet (create)
 * or names none (list, watch, deletecollection of all) is refused then.
 */
export function permits(rule: PolicyRule, request: ApiRequest): boolean {
  const { verb, group = '', resource, name } = request;
  return (
    (rule.verbs.includes('*') || rule.verbs.includes(verb)) &&
    (rule.apiGroups.includes('*') || rule.apiGroups.includes(group)) &&
    rule.resources.some((each) => resourceMatches(each, resource)) &&
    (rule.resourceNames.length === 0 || (name !== undefined && rule.resourceNames.includes(name)))
  );
}

/** `*` means every resource and subresource, `*` + `/scale` that subresource of every one; `pods/*` means nothing to the authorizer. */
function resourceMatches(written: string, asked: string): boolean {
  if (written === '*' || written === asked) return true;
  const slash = asked.indexOf('/');
  return slash !== -1 && written === `*${asked.slice(slash)}`;
}

/** Which of several verbs a rule allows on a resource, whatever the object's name. */
export function verbsOn(rule: PolicyRule, group: string, resource: string, verbs: readonly string[]): readonly string[] {
  const anyName = { ...rule, resourceNames: [] };
  return verbs.filter((verb) => permits(anyName, { verb, group, resource }));
}
