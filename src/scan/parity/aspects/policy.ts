// Policies and permissions of one name that say different things.
import { memberOf, listAt, objectAt, textAt } from '#base/raw.ts';
import { formatPath } from '#model/origin.ts';
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import type { Aspect } from '../aspect.ts';
import { GRANT_KINDS, POLICY_KINDS } from '../kinds.ts';
import { neutralJson, placeAt } from '../side.ts';

export const policyAspect: Aspect = {
  kinds: POLICY_KINDS,
  *compare({ a, b, sideA, sideB }) {
    const [left, right] = [normalised(a), normalised(b)];
    if (left === right) return;
    const [openA, openB] = [openness(a), openness(b)];
    const path = differingPath(a, b);
    yield {
      class: 'security',
      aspect: a.kind === 'NetworkPolicy' ? 'network-policy' : 'policy',
      text: `says something else in ${sideA.label} than in ${sideB.label}`,
      ...(openA !== openB && { weaker: openA > openB ? 'a' : 'b' }),
      a: placeAt(a, path, shows(a, path)),
      b: placeAt(b, path, shows(b, path)),
    };
  },
};

/** The order of rules, and of what is in them, means nothing in a NetworkPolicy. */
function normalised({ kind, spec, body }: Resource): string {
  if (kind !== 'NetworkPolicy') return neutralJson({ spec, body });
  const sorted = (list: readonly unknown[]): readonly string[] => list.map((each) => neutralJson(each)).toSorted();
  const rules = (name: string, peers: string): readonly string[] =>
    listAt(spec, name)
      .map((rule) =>
        JSON.stringify([memberOf(rule, peers) !== undefined ? sorted(listAt(rule, peers)) : null, sorted(listAt(rule, 'ports'))]),
      )
      .toSorted();
  return JSON.stringify([
    neutralJson(memberOf(spec, 'podSelector')),
    sorted(listAt(spec, 'policyTypes')),
    rules('ingress', 'from'),
    rules('egress', 'to'),
    memberOf(spec, 'ingress') !== undefined,
    memberOf(spec, 'egress') !== undefined,
  ]);
}

const MODES: readonly (string | undefined)[] = ['STRICT', undefined, 'UNSET', 'PERMISSIVE', 'DISABLE'];

/** A rough measure of how much a policy lets through; only its order counts. */
function openness({ kind, spec }: Resource): number {
  switch (kind) {
    case 'PeerAuthentication':
      return MODES.indexOf(textAt(objectAt(spec, 'mtls'), 'mode'));
    case 'NetworkPolicy':
      return [...listAt(spec, 'ingress'), ...listAt(spec, 'egress')].reduce<number>((sum, rule) => {
        const peers = [...listAt(rule, 'from'), ...listAt(rule, 'to')];
        return sum + (peers.length === 0 ? 1000 : peers.length) + (listAt(rule, 'ports').length === 0 ? 100 : 0);
      }, 0);
    case 'AuthorizationPolicy': {
      const sign = textAt(spec, 'action') === 'DENY' ? -1 : 1;
      return (
        sign *
        listAt(spec, 'rules').reduce<number>(
          (sum, rule) => sum + (Object.keys(rule ?? {}).length === 0 ? 1000 : 10 - Object.keys(rule ?? {}).length),
          1,
        )
      );
    }
    default:
      return 0;
  }
}

/** The deepest place that all differences lie below. */
function differingPath(a: Resource, b: Resource): Path {
  const path: (string | number)[] = ['spec'];
  let [left, right]: readonly [unknown, unknown] = [a.spec, b.spec];
  while (path.length < DEPTH_MAX) {
    const [one, ...more] = keysOf(left, right).filter(
      (key) => neutralJson(childOf(left, key)) !== neutralJson(childOf(right, key)),
    );
    if (one === undefined || more.length > 0) break;
    path.push(Array.isArray(left) ? Number(one) : one);
    [left, right] = [childOf(left, one), childOf(right, one)];
  }
  return path;
}

const DEPTH_MAX = 12;

function childOf(value: unknown, key: string): unknown {
  return Array.isArray(value) ? (value as readonly unknown[])[Number(key)] : memberOf(value, key);
}

/** Members of two mappings, or positions of two lists of one length; none of anything else. */
function keysOf(left: unknown, right: unknown): readonly string[] {
  if (Array.isArray(left) || Array.isArray(right))
    return Array.isArray(left) && Array.isArray(right) && left.length === right.length ? Object.keys(left) : [];
  const isMapping = (value: unknown): value is object => typeof value === 'object' && value !== null;
  return isMapping(left) && isMapping(right) ? [...new Set([...Object.keys(left), ...Object.keys(right)])] : [];
}

/** `mtls.mode: STRICT`; long values are cut, absent ones named so, and what may be secret is not shown. */
function shows({ spec }: Resource, path: Path): string {
  const value = path.slice(1).reduce<unknown>((at, key) => childOf(at, String(key)), spec);
  const text =
    value === undefined
      ? 'not set'
      : path.some((key) => SECRET.test(String(key)))
        ? 'set'
        : typeof value === 'string'
          ? value
          : JSON.stringify(value);
  return `${path.length > 1 ? formatPath(path.slice(1)) : 'spec'}: ${text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text}`;
}

const SHOWN_MAX = 80;
const SECRET = /secret|password|token|key$/i;

export const grantAspect: Aspect = {
  kinds: GRANT_KINDS,
  *compare({ a, b, sideA, sideB }) {
    for (const member of ['rules', 'subjects', 'roleRef', 'aggregationRule']) {
      const [left, right] = [a, b].map(({ body }) => parts(memberOf(body, member)));
      const [more, less] = [right!.filter((each) => !left!.includes(each)), left!.filter((each) => !right!.includes(each))];
      if (more.length + less.length === 0) continue;
      yield {
        class: 'security',
        aspect: 'rbac',
        text: `gives other permissions in ${sideA.label} than in ${sideB.label} (\`${member}\`)`,
        ...(less.length === 0 && { weaker: 'b' as const }),
        ...(more.length === 0 && { weaker: 'a' as const }),
        a: placeAt(a, [member], `${left!.length} entries`),
        b: placeAt(b, [member], `${right!.length} entries`),
      };
    }
  },
};

function parts(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? (value as readonly unknown[]) : [value]).map((each) => neutralJson(each));
}
