// Allow lists: what the user says is no secret.
import type { Pattern } from './re2/pattern.ts';

/** One list. Within a criterion one entry is enough; between the criteria that are given one (`or`) or all (`and`) must hold. */
export interface SecretAllow {
  readonly condition: 'or' | 'and';
  /** Rule ids; all when absent. */
  readonly rules?: ReadonlySet<string>;
  readonly paths: readonly Pattern[];
  readonly regexes: readonly Pattern[];
  /** What `regexes` look at. */
  readonly target: 'secret' | 'match' | 'line';
  /** Lower-case. */
  readonly stopwords: readonly string[];
  /** Commit ids, or starts of them. */
  readonly commits: readonly string[];
}

export interface AllowSubject {
  readonly rule: string;
  readonly file: string;
  readonly commit?: string;
  readonly secret: string;
  readonly match: string;
  /** Asked for only when a list looks at lines. */
  readonly line: () => string;
}

/** Whether a list lets this one pass. */
export function isAllowed(lists: readonly SecretAllow[], subject: AllowSubject): boolean {
  return lists.some((list) => (!list.rules || list.rules.has(subject.rule)) && holds(list, subject));
}

function holds(list: SecretAllow, subject: AllowSubject): boolean {
  const { commit } = subject;
  const criteria: (() => boolean)[] = [];
  if (list.commits.length > 0) criteria.push(() => commit !== undefined && list.commits.some((each) => commit.startsWith(each)));
  if (list.paths.length > 0) criteria.push(() => list.paths.some((path) => path.test(subject.file)));
  if (list.regexes.length > 0) {
    criteria.push(() => {
      const text = list.target === 'secret' ? subject.secret : list.target === 'match' ? subject.match : subject.line();
      return list.regexes.some((regex) => regex.test(text));
    });
  }
  if (list.stopwords.length > 0) {
    criteria.push(() => {
      const secret = subject.secret.toLowerCase();
      return list.stopwords.some((word) => secret.includes(word));
    });
  }
  if (criteria.length === 0) return false;
  return list.condition === 'and' ? criteria.every((holdsHere) => holdsHere()) : criteria.some((holdsHere) => holdsHere());
}
