// Unified diffs, as `diff -u` and git write them.

const CONTEXT = 3;
/** Changes looked for by the shortest edit script; beyond that the whole middle is taken as changed. */
const EDITS_MAX = 2000;

interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * What was changed, by lines (Myers' O(ND) algorithm).
 * @returns '' when nothing was; `before` of '' is a new file, `after` of '' a deleted one
 * @example unifiedDiff('a.yaml', 'a: 1\n', 'a: 2\n') // '--- a/a.yaml\n+++ b/a.yaml\n@@ -1 +1 @@\n-a: 1\n+a: 2\n'
 */
export function unifiedDiff(file: string, before: string, after: string): string {
  if (before === after) return '';
  const lines = script(linesOf(before), linesOf(after));
  const head = `--- ${before === '' ? '/dev/null' : `a/${file}`}\n+++ ${after === '' ? '/dev/null' : `b/${file}`}\n`;
  return head + hunks(lines).join('');
}

/** Lines with their line breaks. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function script(a: readonly string[], b: readonly string[]): Line[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const same = (list: readonly string[]): Line[] => list.map((text) => ({ mark: ' ', text }));
  return [...same(a.slice(0, start)), ...middle(a.slice(start, endA), b.slice(start, endB)), ...same(a.slice(endA))];
}

function middle(a: readonly string[], b: readonly string[]): Line[] {
  const removed = (list: readonly string[]): Line[] => list.map((text) => ({ mark: '-', text }));
  const added = (list: readonly string[]): Line[] => list.map((text) => ({ mark: '+', text }));
  if (a.length === 0 || b.length === 0) return [...removed(a), ...added(b)];
  const max = Math.min(a.length + b.length, EDITS_MAX);
  const furthest = new Int32Array(2 * max + 3);
  const steps: Int32Array[] = [];
  for (let d = 0; d <= max; d++) {
    steps.push(furthest.slice(max + 1 - d - 1, max + 1 + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && furthest[max + k]! < furthest[max + k + 2]!);
      let x = down ? furthest[max + k + 2]! : furthest[max + k]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest[max + k + 1] = x;
      if (x >= a.length && x - k >= b.length) return trail(a, b, steps);
    }
  }
  return [...removed(a), ...added(b)];
}

/** Walks back from the end. `steps[d]` holds what was reached before step d, for diagonals -d-1 to d+1. */
function trail(a: readonly string[], b: readonly string[], steps: readonly Int32Array[]): Line[] {
  const lines: Line[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = steps.length - 1; d >= 0; d--) {
    const at = (k: number): number => steps[d]![k + d + 1]!;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const before = d === 0 ? 0 : down ? at(k + 1) : at(k - 1) + 1;
    while (x > before && y > before - k) {
      lines.push({ mark: ' ', text: a[--x]! });
      y--;
    }
    if (d === 0) break;
    if (down) lines.push({ mark: '+', text: b[--y]! });
    else lines.push({ mark: '-', text: a[--x]! });
  }
  return lines.toReversed();
}

function hunks(lines: readonly Line[]): string[] {
  const result: string[] = [];
  let [lineA, lineB] = [1, 1];
  for (let at = 0; at < lines.length;) {
    if (lines[at]!.mark === ' ') {
      let next = at;
      while (next < lines.length && lines[next]!.mark === ' ') next++;
      const skip = next >= lines.length ? next - at : Math.max(0, next - at - CONTEXT);
      lineA += skip;
      lineB += skip;
      at += skip;
      if (at >= lines.length) break;
    }
    let end = at;
    for (let quiet = 0, i = at; i < lines.length; i++) {
      quiet = lines[i]!.mark === ' ' ? quiet + 1 : 0;
      if (quiet === 0) end = i + 1;
      else if (quiet > 2 * CONTEXT) break;
    }
    const stop = Math.min(lines.length, end + CONTEXT);
    const part = lines.slice(at, stop);
    const [countA, countB] = [part.filter((line) => line.mark !== '+').length, part.filter((line) => line.mark !== '-').length];
    const body = part
      .map(({ mark, text }) => `${mark}${text.endsWith('\n') ? text : `${text}\n\\ No newline at end of file\n`}`)
      .join('');
    result.push(`@@ -${span(lineA, countA)} +${span(lineB, countB)} @@\n${body}`);
    lineA += countA;
    lineB += countB;
    at = stop;
  }
  return result;
}

function span(line: number, count: number): string {
  return count === 1 ? String(line) : `${count === 0 ? line - 1 : line},${count}`;
}
