// Regular expressions that Envoy does not take.
import type { Path } from '#model/origin.ts';
import type { Resource } from '#model/resource.ts';
import { asObject, memberOf, textAt } from '#base/raw.ts';
import type { MeshAnalyzer, MeshHit } from '../analyzer.ts';
import { messageUrl } from '../codes.ts';
import { itemsAt } from '../items.ts';
import type { MeshIndex } from '../mesh-index.ts';
import { regexProblem } from '../re2.ts';

export const VIRTUAL_SERVICE_REGEX_ANALYZER = {
  id: 'istio.regex',
  analyzer: 'virtualservice.RegexAnalyzer',
  name: 'regular expression that Envoy does not take',
  severity: 'low',
  cwe: [185],
  why: 'Envoy refuses the whole route configuration for one wrong expression: proxies keep what they had, and later changes do not arrive.',
  help: 'write it in the syntax of RE2',
  references: [messageUrl('InvalidRegexp')],
  tags: [],
  *analyze(mesh: MeshIndex): Generator<MeshHit> {
    for (const service of mesh.istio('networking', 'VirtualService')) {
      for (const { value, path } of regexesOf(service)) {
        const problem = regexProblem(value);
        if (problem === undefined) continue;
        yield {
          code: 'InvalidRegexp',
          at: { resource: service, path },
          title: `\`${value.slice(0, 80)}\` is no expression of RE2: ${problem}`,
        };
      }
    }
  },
} satisfies MeshAnalyzer;

interface Found {
  readonly value: string;
  readonly path: Path;
}

function* regexesOf({ spec }: Resource): Generator<Found> {
  for (const { raw: rule, path } of itemsAt(spec, 'http', ['spec'])) {
    for (const { raw: match, path: at } of itemsAt(rule, 'match', path)) {
      for (const field of ['uri', 'scheme', 'method', 'authority']) yield* regexAt(memberOf(match, field), [...at, field]);
      for (const field of ['headers', 'withoutHeaders', 'queryParams']) {
        for (const [key, value] of Object.entries(asObject(memberOf(match, field)) ?? {}))
          yield* regexAt(value, [...at, field, key]);
      }
    }
    const cors = memberOf(rule, 'corsPolicy');
    for (const { raw, path: at } of itemsAt(cors, 'allowOrigins', [...path, 'corsPolicy'])) yield* regexAt(raw, at);
    const rewrite = memberOf(memberOf(rule, 'rewrite'), 'uriRegexRewrite');
    const pattern = textAt(rewrite, 'match');
    if (pattern !== undefined) yield { value: pattern, path: [...path, 'rewrite', 'uriRegexRewrite', 'match'] };
  }
}

function* regexAt(matcher: unknown, path: Path): Generator<Found> {
  const value = textAt(matcher, 'regex');
  if (value !== undefined) yield { value, path: [...path, 'regex'] };
}
