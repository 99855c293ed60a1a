// Policies and permissions of one name that say different things.
import { memberOf, listAt, objectAt, textAt } from '../../reach/raw.ts';
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
      a: placeAt(a, path, 'this'),
      b: placeAt(b, path, 'this'),
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

function differingPath(a: Resource, b: Resource): readonly string[] {
  const members = new Set([...Object.keys((a.spec as object | null) ?? {}), ...Object.keys((b.spec as object | null) ?? {})]);
  for (const member of members) {
    if (neutralJson(memberOf(a.spec, member)) !== neutralJson(memberOf(b.spec, member))) return ['spec', member];
  }
  return ['spec'];
}

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
