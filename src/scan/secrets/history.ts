// Secrets of a repository's history: which are still there, which were removed but stay readable, and how old each is.
import type { SecretAge } from './findings.ts';
import type { SecretHit } from './hit.ts';
import type { IgnoredSecrets } from './ignore.ts';
import type { SecretScanner } from './scanner.ts';

/** What the scan needs to know of one content of history (sources/git.ts gives it). */
export interface HistoryContent {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly commit: string;
  /** Milliseconds since 1970. */
  readonly when: number;
  readonly present: boolean;
}

export interface SecretHistory {
  /** By fingerprint, for secretFindings: of the earliest content that has the secret. */
  readonly ages: ReadonlyMap<string, SecretAge>;
  /** Secrets that no present content has, each once, at the place where it first stood. */
  readonly removed: readonly SecretHit[];
  /** Secrets that are still there, each once, at the place where it first stood. */
  readonly standing: readonly SecretHit[];
}

/** @param fingerprintKey the key with which the present files are scanned too */
export function secretHistory(
  scanner: SecretScanner,
  contents: Iterable<HistoryContent>,
  fingerprintKey: string,
  ignored?: IgnoredSecrets,
): SecretHistory {
  const ages = new Map<string, SecretAge>();
  const first = new Map<string, SecretHit>();
  for (const { path, bytes, commit, when, present } of contents) {
    for (const hit of scanner.scan(path, bytes, { fingerprintKey, commit })) {
      const age = ages.get(hit.fingerprint);
      const isEarlier = !age || when < age.when;
      ages.set(hit.fingerprint, {
        ...(isEarlier ? { commit, when } : { commit: age.commit, when: age.when }),
        present: present || age?.present === true,
      });
      const why = hit.suppressed ?? ignored?.of(hit, commit);
      if (isEarlier && why === undefined) first.set(hit.fingerprint, hit);
    }
  }
  const of = (present: boolean): SecretHit[] =>
    [...first].filter(([fingerprint]) => ages.get(fingerprint)?.present === present).map(([, hit]) => hit);
  return { ages, removed: of(false), standing: of(true) };
}
