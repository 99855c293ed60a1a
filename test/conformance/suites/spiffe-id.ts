// go-spiffe's own cases for SPIFFE IDs: every operation with its answer, and the kind of fault where one is expected.
import { join } from 'node:path';
import * as spiffe from '#pki/spiffe-id.ts';
import { readJsonLines } from '../data.ts';
import type { RowResult, Suite } from '../suite.ts';

interface MatcherRow {
  type: 'any' | 'id' | 'oneOf' | 'memberOf';
  id?: string;
  ids?: string[];
  trustDomain?: string;
}
interface Input {
  id?: string;
  path?: string;
  segments?: string[];
  trustDomain?: string;
  matcher?: MatcherRow;
}
interface Row {
  id: string;
  op: string;
  input: string | Input;
  valid: boolean;
  error?: string;
  trustDomain?: string;
  path?: string;
  result?: string;
}

/** What an upstream message is about, as our own fault code. */
const FAULT_OF: readonly (readonly [RegExp, spiffe.SpiffeIdFault | 'mismatch'])[] = [
  [/zero ID/, 'no-id'],
  [/be empty$/, 'empty'],
  [/^scheme/, 'scheme'],
  [/domain is missing/, 'trust-domain-missing'],
  [/^trust domain char/, 'trust-domain-character'],
  [/leading/, 'path-slash'],
  [/trailing/, 'path-trailing-slash'],
  [/empty seg/, 'path-empty-segment'],
  [/dot seg/, 'path-dot-segment'],
  [/^path segment char/, 'path-character'],
  [/^unexpected/, 'mismatch'],
];

interface Outcome {
  ok: boolean;
  code?: string;
  id?: spiffe.SpiffeId;
  trustDomain?: string;
  result?: string;
}

function idOf(text: string): spiffe.SpiffeId | undefined {
  const parsed = spiffe.parseSpiffeId(text);
  return parsed.ok ? parsed.id : undefined;
}

const MATCHERS: Readonly<Record<MatcherRow['type'], (row: MatcherRow) => spiffe.SpiffeMatcher>> = {
  any: () => spiffe.matchAny,
  id: (row) => spiffe.matchId(idOf(row.id ?? '')),
  oneOf: (row) => spiffe.matchOneOf((row.ids ?? []).map((id) => idOf(id)!)),
  memberOf: (row) => spiffe.matchMemberOf(row.trustDomain ?? ''),
};

const OPS: Readonly<Record<string, (text: string, input: Input) => Outcome>> = {
  FromString: (text) => spiffe.parseSpiffeId(text),
  FromURI: (text) => spiffe.parseSpiffeId(text),
  FromSegments: (_, input) => spiffe.spiffeIdFromSegments(input.trustDomain!, input.segments!),
  FromPath: (_, input) => spiffe.spiffeIdFromPath(input.trustDomain!, input.path!),
  MemberOf: (_, input) => ({ ok: spiffe.memberOf(idOf(input.id!), input.trustDomain!) }),
  ReplacePath: (_, input) => spiffe.replacePath(idOf(input.id!), input.path!),
  ReplaceSegments: (_, input) => spiffe.replaceSegments(idOf(input.id!), input.segments!),
  AppendPath: (_, input) => spiffe.appendPath(idOf(input.id!), input.path!),
  AppendSegments: (_, input) => spiffe.appendSegments(idOf(input.id!), input.segments!),
  TrustDomainFromString: (text) => spiffe.parseTrustDomain(text),
  TrustDomainFromURI: (text) => {
    const parsed = spiffe.parseSpiffeId(text);
    return parsed.ok ? { ok: true, trustDomain: parsed.id.trustDomain } : parsed;
  },
  JoinPathSegments: (_, input) => {
    const joined = spiffe.joinPathSegments(input.segments!);
    return joined.ok ? { ok: true, result: joined.path } : joined;
  },
  ValidatePathSegment: (text) => {
    const code = spiffe.pathSegmentFault(text);
    return code ? { ok: false, code } : { ok: true };
  },
  Match: (_, input) =>
    MATCHERS[input.matcher!.type](input.matcher!)(idOf(input.id!)) === undefined ? { ok: true } : { ok: false, code: 'mismatch' },
};

function judge(row: Row): string | undefined {
  const op = OPS[row.op];
  if (!op) return `no operation ${row.op}`;
  const outcome = op(typeof row.input === 'string' ? row.input : '', typeof row.input === 'string' ? {} : row.input);
  if (outcome.ok !== row.valid) return `expected valid=${row.valid}, got ${JSON.stringify(outcome)}`;
  if (!row.valid) {
    const wanted = row.error === undefined ? undefined : FAULT_OF.find(([pattern]) => pattern.test(row.error!))?.[1];
    if (row.error !== undefined && wanted !== outcome.code) return `expected ${wanted} (${row.error}), got ${outcome.code}`;
    return undefined;
  }
  const trustDomain = outcome.id?.trustDomain ?? outcome.trustDomain;
  if (row.trustDomain !== undefined && trustDomain !== row.trustDomain) return `trust domain ${trustDomain}`;
  if (row.path !== undefined && outcome.id?.path !== row.path) return `path ${outcome.id?.path}`;
  if (row.result !== undefined && outcome.result !== row.result) return `result ${outcome.result}`;
  return undefined;
}

export const suite = {
  name: 'spiffe-id',
  needs: 'dataplane/spiffe-id.jsonl',
  run({ dir }): Promise<RowResult[]> {
    const rows = readJsonLines<Row>(join(dir, 'dataplane/spiffe-id.jsonl'));
    return Promise.resolve(
      rows.map((row) => {
        const why = judge(row);
        return why === undefined ? { id: row.id, pass: true } : { id: row.id, pass: false, why };
      }),
    );
  },
} satisfies Suite;
