// Several kinds may claim one text: the most particular one keeps it.
import type { Match, SecretRule } from './rule.ts';

export interface Claim {
  readonly rule: Pick<SecretRule, 'id' | 'name' | 'family' | 'severity' | 'machineMade' | 'rank'>;
  readonly match: Match;
  /** When it is not what stands at the place: it was decoded. */
  readonly secret?: string;
  readonly encoding?: string;
}

/** One claim for each stretch of text, in the order of their places. */
export function settle(claims: readonly Claim[]): Claim[] {
  const rank = ({ rule }: Claim): number => rule.rank ?? 1;
  const size = ({ match }: Claim): number => match.secretEnd - match.secretStart;
  const sorted = [...claims].sort((a, b) => a.match.secretStart - b.match.secretStart || size(b) - size(a));
  const kept: Claim[] = [];
  let reach = -1;
  let group: Claim[] = [];
  const close = (): void => {
    // Within overlapping claims: the best first, then whatever does not touch it.
    const chosen: Claim[] = [];
    for (const claim of group.sort((a, b) => rank(b) - rank(a) || size(b) - size(a)))
      if (chosen.length < 64 && !chosen.some((each) => overlap(each.match, claim.match))) chosen.push(claim);
    kept.push(...chosen.sort((a, b) => a.match.secretStart - b.match.secretStart));
    group = [];
  };
  for (const claim of sorted) {
    if (claim.match.secretStart >= reach && group.length > 0) close();
    group.push(claim);
    reach = Math.max(group.length === 1 ? -1 : reach, claim.match.secretEnd);
  }
  close();
  return kept;
}

function overlap(a: Match, b: Match): boolean {
  return a.secretStart < b.secretEnd && b.secretStart < a.secretEnd;
}
