// The smallest edit by which an ALLOW policy takes in one request: a value or two in the nearest rule, else a rule of its own.
import type { Attributes } from '#model/decision.ts';
import type { AuthorizationPolicy, AuthorizationRule } from '#model/istio.ts';
import type { Placed, PolicySet } from '#plan/plan.ts';
import type { PolicyPoint } from '#plan/select.ts';
import { addValues, exactValue, principalOf, replace } from './edit.ts';
import type { Addition, Edit } from './edit.ts';
import { misses } from './denial.ts';
import type { Miss } from './denial.ts';
import { placeOf } from '#plan/select.ts';
import type { CompiledRule } from './rule.ts';
import { toYaml } from './yaml.ts';

/** More than this in one rule would let in combinations that nobody asked for; a rule of its own is then the smaller grant. */
const ADDITIONS_MAX = 2;
/** Each candidate is compiled and asked; this bounds how many. */
const NEAR_MAX = 16;
/** Labels that say which workload it is, best first. */
const NAMING_LABELS = ['app.kubernetes.io/name', 'app', 'k8s-app', 'name'];

/** Candidates in order of preference; the caller takes the first that lets the request in when compiled. */
export function* allowEdits(set: PolicySet, rules: readonly CompiledRule[], point: PolicyPoint, a: Attributes): Generator<Edit> {
  const near = misses(rules, a, NEAR_MAX).filter(({ failing }) => failing.length <= ADDITIONS_MAX);
  // Of two equally near rules, one that knows the caller already grants less when it is widened than one that takes in a new caller.
  near.sort((left, right) => left.failing.length - right.failing.length || unknownCaller(left) - unknownCaller(right));
  for (const { rule, failing } of near) {
    const additions: Addition[] = [];
    for (const field of failing) {
      const value = field.negated ? undefined : exactValue(field, a);
      if (value !== undefined) additions.push({ path: field.path, value });
    }
    if (additions.length === failing.length) yield addValues(set, rule.policy.placed, rule.index, additions, '');
  }
  const rule = exactRule(a);
  if (rule === undefined) return;
  const home = set.authorization.find(({ resource }) => isHome(resource, point));
  if (home) yield ruleInPolicy(set, home, rule);
  yield newPolicy(set, rule, point);
}

function unknownCaller({ failing }: Miss): number {
  return failing.filter((field) => field.kind.dimension === 'identity' || field.kind.token).length;
}

/** An enforced ALLOW policy of this very workload: what is added there reaches no other. */
function isHome({ metadata, spec }: AuthorizationPolicy, point: PolicyPoint): boolean {
  const own = Object.keys(spec.selector?.matchLabels ?? {}).length > 0 || (spec.targetRefs ?? []).length > 0;
  return (
    metadata.namespace === point.namespace &&
    spec.action === 'ALLOW' &&
    own &&
    metadata.annotations['istio.io/dry-run'] === undefined
  );
}

/** A rule for this caller and this operation alone; undefined when the operation cannot be written down exactly. */
export function exactRule(a: Attributes): AuthorizationRule | undefined {
  const principal = principalOf(a);
  if (a.path.includes('*') || (a.protocol === 'http' && a.path === '') || principal?.includes('*')) return undefined;
  const source = principal === undefined ? { ipBlocks: [a.sourceIp] } : { principals: [principal] };
  const ports = [String(a.destinationPort)];
  const operation = a.protocol === 'http' ? { methods: [a.method], paths: [a.path] } : { ports };
  return { from: [{ source }], to: [{ operation }] };
}

function ruleInPolicy(set: PolicySet, placed: Placed<AuthorizationPolicy>, rule: AuthorizationRule): Edit {
  const { metadata, spec } = placed.resource;
  const rules = [...(spec.rules ?? []), rule];
  const name = `${metadata.namespace}/${metadata.name}`;
  return {
    set: replace(set, placed, { ...placed.resource, spec: { ...spec, rules } }),
    text: `add a rule for this caller and operation to \`${name}\``,
    yaml: `# AuthorizationPolicy ${name}, one more item of spec.rules\n${toYaml([rule])}`,
    at: placeOf(placed, ['spec', 'rules']),
  };
}

function newPolicy(set: PolicySet, rule: AuthorizationRule, point: PolicyPoint): Edit {
  const label = NAMING_LABELS.find((name) => point.labels[name] !== undefined);
  const matchLabels = label === undefined ? { ...point.labels } : { [label]: point.labels[label] as string };
  const name = `${point.gateway?.name ?? (label === undefined ? 'workload' : point.labels[label])}-allow`;
  const target = point.gateway
    ? { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: point.gateway.name }] }
    : { selector: { matchLabels } };
  const resource: AuthorizationPolicy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: point.namespace, labels: {}, annotations: {} },
    spec: { ...target, action: 'ALLOW', rules: [rule] },
    body: {},
  };
  const metadata = { name, namespace: point.namespace };
  const yaml = toYaml({ apiVersion: resource.apiVersion, kind: resource.kind, metadata, spec: resource.spec });
  return {
    set: { ...set, authorization: [...set.authorization, { resource, at: {} }] },
    text: `add an AuthorizationPolicy \`${point.namespace}/${name}\` that allows this caller and operation`,
    yaml,
    at: '',
  };
}
