// Rules and matches of a VirtualService that an earlier one takes everything from.
import { canonicalJson } from '#base/canonical-json.ts';
import type { Resource } from '#model/resource.ts';
import { asObject, objectAt, textAt } from '#base/raw.ts';
import type { RawObject } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import type { Item } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';

export const VIRTUAL_SERVICE_MATCH_ANALYZER = {
  id: 'istio.virtual-service-match',
  analyzer: 'schemaValidation.CollectionValidationAnalyzer',
  name: 'rule that is never reached',
  severity: 'low',
  cwe: [561],
  why: 'The first rule that matches decides. A later one for the same requests, and whatever it was meant to restrict or redirect, is never used.',
  help: 'put the narrower rule first, or remove it',
  references: [messageUrl('VirtualServiceUnreachableRule'), messageUrl('VirtualServiceIneffectiveMatch')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const service of mesh.istio('networking', 'VirtualService')) {
      for (const kind of ['http', 'tls', 'tcp']) yield* judge(service, itemsAt(service.spec, kind, ['spec']));
    }
  },
} satisfies MeshAnalyzer;

interface Seen {
  readonly rule: number;
  readonly match: RawObject;
}

/** A rule with more matches is compared by equality only, so that the work grows with its length and not faster. */
const OVERLAP_MAX = 500;

function* judge(resource: Resource, rules: readonly Item[]): Generator<MeshHit> {
  const equal = new Map<string, number>();
  const seen: Seen[] = [];
  let catchAll = -1;
  for (const [index, { raw, path }] of rules.entries()) {
    if (catchAll !== -1) {
      yield unreachable(resource, path, index, `rule ${catchAll} takes every request`);
      continue;
    }
    const matches = itemsAt(raw, 'match', path);
    if (matches.length === 0) catchAll = index;
    let repeated = 0;
    for (const each of matches) {
      const match = withoutName(each.raw);
      const key = canonicalJson(match);
      const first = equal.get(key);
      const earlier = first ?? (seen.length < OVERLAP_MAX ? seen.find((one) => takesIn(one.match, match))?.rule : undefined);
      if (first === undefined) equal.set(key, index);
      else if (first !== index) repeated++;
      seen.push({ rule: index, match });
      if (earlier === undefined) continue;
      yield {
        code: 'VirtualServiceIneffectiveMatch',
        severity: 'info',
        at: { resource, path: each.path },
        title: `the match is never used: rule ${earlier} takes its requests`,
      };
    }
    if (matches.length > 0 && repeated === matches.length)
      yield unreachable(resource, path, index, 'earlier rules have the same matches');
  }
}

function unreachable(resource: Resource, path: Item['path'], index: number, why: string): MeshHit {
  return { code: 'VirtualServiceUnreachableRule', at: { resource, path }, title: `rule ${index} is never used: ${why}` };
}

function withoutName(raw: unknown): RawObject {
  const { name: _name, ...match } = asObject(raw) ?? {};
  return match;
}

/** Whether `wide`, a prefix of the path, takes in all of `narrow`, a longer one; other conditions must be the same or absent. */
function takesIn(wide: RawObject, narrow: RawObject): boolean {
  const [short, long] = [textAt(objectAt(wide, 'uri'), 'prefix'), textAt(objectAt(narrow, 'uri'), 'prefix')];
  if (short === undefined || long === undefined || !long.startsWith(short)) return false;
  if (wide['ignoreUriCase'] !== narrow['ignoreUriCase']) return false;
  return Object.entries(wide).every(([key, value]) => key === 'uri' || sameJson(value, narrow[key]));
}

function sameJson(a: unknown, b: unknown): boolean {
  return b !== undefined && canonicalJson(a) === canonicalJson(b);
}
