/**
 * The candidate nearest to `word` by edits, for "did you mean".
 *
 * Distance is optimal string alignment (insert, delete, replace, swap of neighbours), upper and lower case alike; at most a third of
 * the word's length (never more than 3 edits), so that an unrelated word gets no answer. Ties go to the earlier candidate.
 * @param word what the user wrote; only its first 64 characters are looked at
 * @param candidates the right words
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.max(1, Math.floor(lower.length / 3))) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - lower.length) >= bestDistance) continue;
    const distance = editDistance(lower, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * Optimal string alignment distance in O(a·b) time and three rows of memory.
 * @param enough work ends when the distance is at least this, which is then what is given
 */
export function editDistance(a: string, b: string, enough = Infinity): number {
  // What both begin and end with costs nothing.
  let start = 0;
  while (start < a.length && start < b.length && a.charCodeAt(start) === b.charCodeAt(start)) start++;
  let end = 0;
  const most = Math.min(a.length, b.length) - start;
  while (end < most && a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)) end++;
  return alignment(a.slice(start, a.length - end), b.slice(start, b.length - end), enough);
}

function alignment(a: string, b: string, enough: number): number {
  const width = b.length + 1;
  let beforeLast = new Uint32Array(width);
  let last = new Uint32Array(width);
  let row = new Uint32Array(width);
  for (let j = 0; j < width; j++) last[j] = j;
  let lastLeast = 0;
  for (let i = 1; i <= a.length; i++) {
    const code = a.charCodeAt(i - 1);
    row[0] = i;
    let least = i;
    for (let j = 1; j < width; j++) {
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (code === b.charCodeAt(j - 1) ? 0 : 1));
      if (i > 1 && j > 1 && code === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1))
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    // Every later row is built on these two: it cannot fall below both.
    if (least >= enough && lastLeast + 1 >= enough) return enough;
    lastLeast = least;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  return last[b.length]!;
}

/** `did you mean `x`?`, or undefined when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(word, candidates);
  return found === undefined || found === word ? undefined : `did you mean \`${found}\`?`;
}
