// Edits of policies as values: a set with one rule changed, to be compiled and asked again.
import type { Attributes } from '#model/decision.ts';
import type { AuthorizationPolicy, AuthorizationRule } from '#model/istio.ts';
import { formatPath } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Placed, PolicySet } from '#plan/plan.ts';
import { parseIdentity, SPIFFE } from './identity.ts';
import { placeOf } from '#plan/select.ts';
import type { Field } from './rule.ts';
import { toYaml } from './yaml.ts';

export interface Edit {
  readonly set: PolicySet;
  /** For people: what to add where. */
  readonly text: string;
  readonly yaml: string;
  readonly at: string;
}

/** One value to be put into a list of a rule, which is made when it is not there. */
export interface Addition {
  /** From the resource: `['spec', 'rules', 0, 'from', 0, 'source', 'principals']`. */
  readonly path: Path;
  readonly value: string;
}

/** The policy's rule after `additions`, as an edit of the set. */
export function addValues(
  set: PolicySet,
  placed: Placed<AuthorizationPolicy>,
  index: number,
  additions: readonly Addition[],
  purpose: string,
): Edit {
  let resource = placed.resource;
  for (const { path, value } of additions) {
    resource = setIn(resource, path, (list) =>
      Array.isArray(list) ? [...(list as unknown[]), value] : [value],
    ) as AuthorizationPolicy;
  }
  const rule = resource.spec.rules?.[index] as AuthorizationRule;
  const name = `${resource.metadata.namespace}/${resource.metadata.name}`;
  const what = additions.map(({ path, value }) => `\`${value}\` to \`${formatPath(path.slice(3))}\``).join(' and ');
  return {
    set: replace(set, placed, resource),
    text: `add ${what} of rule ${index} of \`${name}\`${purpose}`,
    yaml: `# AuthorizationPolicy ${name}, spec.rules[${index}]\n${toYaml([rule])}`,
    at: placeOf(placed, additions[0]?.path ?? ['spec', 'rules', index]),
  };
}

/** The set with one policy replaced by a changed copy; places stay those of the original. */
export function replace(set: PolicySet, placed: Placed<AuthorizationPolicy>, resource: AuthorizationPolicy): PolicySet {
  return { ...set, authorization: set.authorization.map((other) => (other === placed ? { resource, at: placed.at } : other)) };
}

/** A copy of `value` with the part at `path` updated; missing objects and lists on the way are made. */
export function setIn(value: unknown, path: Path, update: (part: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return update(value);
  if (typeof key === 'number') {
    const list = Array.isArray(value) ? [...(value as unknown[])] : [];
    list[key] = setIn(list[key], rest, update);
    return list;
  }
  const object = typeof value === 'object' && value !== null ? value : {};
  return { ...object, [key]: setIn((object as Readonly<Record<string, unknown>>)[key], rest, update) };
}

/**
 * The value that, added to a field, takes in exactly what this request shows; undefined when there is none: nothing was sent, it must
 * not be written down, or a `*` in it would make it a pattern.
 */
export function exactValue(field: Pick<Field, 'kind'>, a: Attributes): string | undefined {
  if (field.kind.secret) return undefined;
  const value = field.kind.actual(a);
  if (value === '' || value.startsWith('(') || value.includes('*') || value.endsWith('…')) return undefined;
  return value;
}

/** The caller as a `principals` value; undefined over plaintext. */
export function principalOf(a: Attributes): string | undefined {
  return a.sourceIdentity?.startsWith(SPIFFE) ? a.sourceIdentity.slice(SPIFFE.length) : undefined;
}

/** The caller as a `serviceAccounts` value; undefined when its id has another shape. */
export function accountOf(a: Attributes): string | undefined {
  const id = a.sourceIdentity === undefined ? undefined : parseIdentity(a.sourceIdentity);
  return id && `${id.namespace}/${id.account}`;
}
