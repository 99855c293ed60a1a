// Finds secrets in the bytes of one file. One pass of one automaton over the bytes finds every place where any rule has something to look at;
// rules then look at a bounded stretch around it. What is encoded inside the file is decoded and looked at in the same way.
import { isAllowed } from './allow.ts';
import type { SecretAllow } from './allow.ts';
import { buildAutomaton } from './automaton.ts';
import { encodedRuns } from './decode.ts';
import { shannonEntropy } from './entropy.ts';
import { fileKind, isCodePath, keyMaterial } from './file-kind.ts';
import { describeSecret } from './hit.ts';
import type { SecretHit } from './hit.ts';
import { BytePlaces } from './place.ts';
import { isPublicValue } from './placeholder.ts';
import { settle } from './settle.ts';
import type { Claim } from './settle.ts';
import type { FileView, SecretRule } from './rule.ts';
import type { WholeRule } from './whole-rule.ts';

export interface SecretScanOptions {
  /** How deep encodings inside encodings are followed; 2 when absent, 0 for not at all. */
  readonly decodeDepthMax?: number;
  /** Key of the fingerprints. Give a random one to compare within a run, a kept one to compare across runs. */
  readonly fingerprintKey?: string;
  /** Commit that the bytes come from, for allow lists. */
  readonly commit?: string;
  readonly hitsMax?: number;
  /** Gets the reason when not everything could be looked at. */
  readonly tell?: (why: string) => void;
}

export interface SecretScanner {
  /**
   * Secrets of one file in the order of their places. Time is bounded by a constant a byte; the same bytes give the same hits.
   * @param file path as the user would write it, `/` between folders
   */
  scan(file: string, bytes: Uint8Array, options?: SecretScanOptions): SecretHit[];
  readonly rules: readonly SecretRule[];
}

export interface SecretRuleSet {
  readonly rules: readonly SecretRule[];
  /** Imported rules: patterns over the whole text, after keywords. */
  readonly whole?: readonly WholeRule[];
  readonly allow?: readonly SecretAllow[];
}

const RUNS_MAX = 20_000;
const HITS_MAX = 2000;
/** Candidates that are looked at closely: a few thousand in any file, and one in so many bytes. */
const [EFFORT_MIN, EFFORT_BYTES] = [3000, 160];
/** Steps of imported patterns, all together. */
const [STEPS_MIN, STEPS_A_BYTE] = [2_000_000, 40];
/** Places of one kind's keywords that are looked at without a match: as above. Where a keyword stands more often there is nothing but keywords. */
const [TRIES_MIN, TRIES_BYTES] = [3000, 24];
/** Of one text; a file with more is a list of secrets, and the first ones say so. */
const CLAIMS_MAX = 5000;
const CONTEXT = 64;
const TOO_MANY = 'the file is made of so many secrets, or look-alikes of secrets, that not all were looked at';

/**
 * @example
 * const scanner = compileSecretRules({ rules: SECRET_RULES });
 * scanner.scan('deploy/.env', bytes).map((hit) => `${hit.file}:${hit.line}:${hit.column} ${hit.name} ${hit.preview}`);
 */
export function compileSecretRules(set: SecretRuleSet): SecretScanner {
  const { rules, whole = [], allow = [] } = set;
  const keywords = [...new Set([...rules.flatMap((rule) => rule.keywords), ...whole.flatMap((rule) => rule.keywords)])];
  const automaton = buildAutomaton(keywords);
  const { next, classes, firstOutput, stride } = automaton;
  const users = keywords.map((keyword) => rules.flatMap((rule, i) => (rule.keywords.includes(keyword) ? [i] : [])));
  const wholeUsers = keywords.map((keyword) => whole.flatMap((rule, i) => (rule.keywords.includes(keyword) ? [i] : [])));
  const always = whole.flatMap((rule, i) => (rule.keywords.length === 0 ? [i] : []));

  /** Claims of one text; `skip` marks rules whose path does not fit. */
  const claimsOf = (view: FileView, bytes: Uint8Array, skip: Uint8Array, tries: Int32Array): Claim[] => {
    const claims: Claim[] = [];
    const tried = new Int32Array(rules.length).fill(-1);
    const wanted = new Map<number, number[]>(always.map((index) => [index, []]));
    let state = 0;
    for (let i = 0; i < bytes.length && claims.length < CLAIMS_MAX; i++) {
      state = next[state + classes[bytes[i]!]!]!;
      if (state < firstOutput) continue;
      for (const word of automaton.outputs[(state - firstOutput) / stride]!) {
        const keyword = keywords[word]!;
        const at = i + 1 - keyword.length;
        for (const index of users[word]!) {
          if (skip[index] === 1 || at < tried[index]!) continue;
          const rule = rules[index]!;
          if (tries[index]! <= 0) {
            view.effort.cut = true;
            continue;
          }
          const match = rule.match(view, at, keyword, tried[index]!);
          if (!match) tries[index]!--;
          tried[index] = match ? match.secretEnd : at;
          if (match && view.effort.left-- > 0 && isReal(rule, view.text, match.secretStart, match.secretEnd))
            claims.push({ rule, match });
        }
        for (const index of wholeUsers[word]!) {
          const hits = wanted.get(index);
          if (hits) hits.push(at);
          else wanted.set(index, [at]);
        }
      }
    }
    for (const [index, hits] of wanted) {
      const rule = whole[index]!;
      for (const match of rule.find(
        view,
        hits.sort((a, b) => a - b),
      ))
        claims.push({ rule, match });
    }
    return claims;
  };

  const scan = (file: string, input: Uint8Array, options: SecretScanOptions = {}): SecretHit[] => {
    const { decodeDepthMax = 2, fingerprintKey = 'cullis', commit, hitsMax = HITS_MAX, tell } = options;
    const path = file.replaceAll('\\', '/');
    const kind = fileKind(input);
    if (kind.kind === 'binary') return binaryHits(path, input, fingerprintKey);
    const { bytes } = kind;
    const skip = new Uint8Array(rules.length);
    rules.forEach((rule, i) => rule.path && !rule.path.test(path) && (skip[i] = 1));
    const isCode = isCodePath(path);
    const text = latin1(bytes);
    const effort = {
      left: EFFORT_MIN + Math.floor(bytes.length / EFFORT_BYTES),
      steps: STEPS_MIN + bytes.length * STEPS_A_BYTE,
      cut: false,
    };
    const tries = new Int32Array(rules.length).fill(TRIES_MIN + Math.floor(bytes.length / TRIES_BYTES));
    const view: FileView = { path, text, isCode, isDecoded: false, effort, named: nothingNamed() };
    const claims = claimsOf(view, bytes, skip, tries);
    const descend = (
      outer: FileView,
      source: Uint8Array,
      depth: number,
      place: readonly [number, number] | undefined,
      encoding: string,
    ): void => {
      if (depth >= decodeDepthMax) return;
      for (const run of encodedRuns(source, RUNS_MAX)) {
        if (claims.length >= CLAIMS_MAX) return;
        const lead = contextBefore(outer.text, run.start);
        const inner = Buffer.concat([Buffer.from(lead, 'latin1'), run.plain]);
        const innerView: FileView = { path, text: latin1(inner), isCode, isDecoded: true, effort, named: nothingNamed() };
        const at = place ?? [run.start, run.end];
        const label = encoding === '' ? run.encoding : `${encoding}, ${run.encoding}`;
        for (const { rule, match } of claimsOf(innerView, inner, skip, tries)) {
          if (match.secretEnd <= lead.length) continue;
          const secret = innerView.text.slice(match.secretStart, match.secretEnd);
          claims.push({
            rule,
            match: { start: at[0], end: at[1], secretStart: at[0], secretEnd: at[1] },
            secret,
            encoding: label,
          });
        }
        descend({ ...innerView, text: latin1(run.plain), named: nothingNamed() }, run.plain, depth + 1, at, label);
      }
    };
    descend(view, bytes, 0, undefined, '');
    const cut = effort.cut || effort.left <= 0 || effort.steps <= 0 || claims.length >= CLAIMS_MAX;
    if (cut) tell?.(TOO_MANY);
    if (claims.length === 0) return [];
    const places = new BytePlaces(bytes);
    const secretOf = ({ match, secret }: Claim): string => secret ?? text.slice(match.secretStart, match.secretEnd);
    // Before they are settled: a claim that is allowed must not hide another kind's.
    const counted =
      allow.length === 0
        ? claims
        : claims.filter((claim) => {
            const { rule, match } = claim;
            const line = (): string => places.lineAround(match.secretStart);
            const whole = text.slice(match.start, match.end);
            return !isAllowed(allow, {
              rule: rule.id,
              file: path,
              secret: secretOf(claim),
              match: whole,
              line,
              ...(commit !== undefined && { commit }),
            });
          });
    const hits: SecretHit[] = [];
    for (const claim of settle(counted)) {
      if (hits.length >= hitsMax) {
        if (!cut) tell?.(TOO_MANY);
        break;
      }
      const { rule, match } = claim;
      const secret = secretOf(claim);
      const start = places.at(match.secretStart);
      const end = places.at(match.secretEnd);
      hits.push({
        rule: rule.id,
        name: rule.name,
        family: rule.family,
        severity: rule.severity,
        file: path,
        ...start,
        endLine: end.line,
        endColumn: end.column,
        ...describeSecret(
          secret,
          rule.machineMade,
          `${rule.id}\0${path}\0${text.slice(match.start, match.secretStart).slice(-80)}`,
          fingerprintKey,
        ),
        ...(claim.encoding !== undefined && { encoding: claim.encoding }),
        ...(places.lineAround(match.secretStart).includes('gitleaks:allow') && { suppressed: '`gitleaks:allow` on the line' }),
      });
    }
    return hits;
  };
  return { scan, rules };
}

function isReal(rule: SecretRule, text: string, start: number, end: number): boolean {
  const secret = text.slice(start, end);
  if (rule.entropy > 0 && shannonEntropy(secret) < rule.entropy) return false;
  return (rule.accept?.(secret) ?? true) && !isPublicValue(secret);
}

function nothingNamed(): FileView['named'] {
  return { at: -1, length: 0, near: false, found: undefined };
}

/** What stands before an encoded run on its line: the name it is given. */
function contextBefore(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - CONTEXT), at);
  return before.slice(before.lastIndexOf('\n') + 1);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function binaryHits(file: string, bytes: Uint8Array, key: string): SecretHit[] {
  return keyMaterial(bytes).map(({ rule, name, offset, length }) => {
    const described = describeSecret(latin1(bytes.subarray(offset, offset + Math.min(length, 65_536))), true, file, key);
    const place = { line: 1, column: 1, endLine: 1, endColumn: 1 };
    return { rule, name, family: 'key', severity: 'high', file, ...place, ...described, preview: `(${bytes.length} bytes)` };
  });
}
