// Runs patterns in time that grows with text times pattern and never faster: backtracking that visits each pair of place and step once
// (the bit-state search of RE2; R. Cox, "Regular Expression Matching in the Wild", 2010). First match, as Perl and Go choose it.
import { PatternError, parsePattern } from './parse.ts';
import type { Assertion, ByteSet, Node } from './parse.ts';
import { lengthMax } from './shape.ts';

export { PatternError } from './parse.ts';

/** Offsets: start and end of the match, then of each group; -1 where a group took no part. */
export type Span = readonly number[];

export interface Budget {
  steps: number;
}

export interface Pattern {
  readonly groups: number;
  /**
   * The first match that starts at or after `from` and lies before `to`.
   * @param text one character a byte @param from assertions see the text before it
   * @param budget steps that may still be made (some nanoseconds each); nothing is found once they are used up
   */
  find(text: string, from: number, to: number, budget?: Budget): Span | undefined;
  test(text: string): boolean;
}

/** Steps of one program. */
const STEPS_MAX = 20_000;
/** A match of a pattern without a bound is looked for in so many bytes. */
const ROOM_MAX = 32 * 1024;
const [SET, SPLIT, JUMP, SAVE, ASSERT, MATCH] = [0, 1, 2, 3, 4, 5] as const;
const ASSERTIONS: readonly Assertion[] = ['text-start', 'text-end', 'line-start', 'line-end', 'word', 'not-word'];

interface Program {
  readonly op: number[];
  readonly x: number[];
  readonly y: number[];
  readonly sets: ByteSet[];
}

/**
 * @example
 * compilePattern('(?i)key=(\\w+)').find('my KEY=abc', 0, 10) // [3, 10, 7, 10]
 * @throws PatternError with the offset in the pattern
 */
export function compilePattern(source: string): Pattern {
  const { tree, groups } = parsePattern(source);
  return compileTree(tree, groups);
}

/** @throws PatternError when it is too large */
export function compileTree(tree: Node, groups: number): Pattern {
  const program: Program = { op: [], x: [], y: [], sets: [] };
  emit({ kind: 'group', index: 0, part: tree }, program);
  push(program, MATCH, 0, 0);
  const compiled = { program, groups, first: firstBytes(program), length: lengthMax(tree) };
  return {
    groups,
    find: (text, from, to, budget = { steps: Infinity }) => find(compiled, text, from, to, budget),
    test: (text) => find(compiled, text, 0, text.length, { steps: Infinity }) !== undefined,
  };
}

function push(program: Program, op: number, x: number, y: number): number {
  if (program.op.length >= STEPS_MAX) throw new PatternError('the pattern is too large', 0);
  program.op.push(op);
  program.x.push(x);
  program.y.push(y);
  return program.op.length - 1;
}

function emit(node: Node, out: Program): void {
  switch (node.kind) {
    case 'empty':
      return;
    case 'set':
      push(out, SET, out.sets.push(node.set) - 1, 0);
      return;
    case 'assert':
      push(out, ASSERT, ASSERTIONS.indexOf(node.what), 0);
      return;
    case 'group':
      push(out, SAVE, node.index * 2, 0);
      emit(node.part, out);
      push(out, SAVE, node.index * 2 + 1, 0);
      return;
    case 'sequence':
      for (const part of node.parts) emit(part, out);
      return;
    case 'choice': {
      const jumps: number[] = [];
      node.parts.forEach((part, i) => {
        if (i === node.parts.length - 1) return emit(part, out);
        const split = push(out, SPLIT, out.op.length + 1, 0);
        emit(part, out);
        jumps.push(push(out, JUMP, 0, 0));
        out.y[split] = out.op.length;
      });
      for (const jump of jumps) out.x[jump] = out.op.length;
      return;
    }
    case 'repeat':
      emitRepeat(node, out);
      return;
    default:
      node satisfies never;
  }
}

function emitRepeat(node: Extract<Node, { kind: 'repeat' }>, out: Program): void {
  for (let i = 0; i < node.min; i++) emit(node.part, out);
  const choose = (split: number, into: number, past: number): void => {
    out.x[split] = node.greedy ? into : past;
    out.y[split] = node.greedy ? past : into;
  };
  if (node.max === Infinity) {
    const split = push(out, SPLIT, 0, 0);
    emit(node.part, out);
    push(out, JUMP, split, 0);
    choose(split, split + 1, out.op.length);
    return;
  }
  const splits: number[] = [];
  for (let i = node.min; i < node.max; i++) {
    splits.push(push(out, SPLIT, 0, 0));
    emit(node.part, out);
  }
  for (const split of splits) choose(split, split + 1, out.op.length);
}

/** Bytes that a match can start with; undefined when it can be empty or starts with an assertion about what follows. */
function firstBytes(program: Program): ByteSet | undefined {
  const first = new Uint8Array(256);
  const seen = new Set<number>();
  const stack = [0];
  while (stack.length > 0) {
    const pc = stack.pop()!;
    if (seen.has(pc)) continue;
    seen.add(pc);
    const op = program.op[pc]!;
    if (op === MATCH) return undefined;
    if (op === SET) program.sets[program.x[pc]!]!.forEach((member, byte) => member === 1 && (first[byte] = 1));
    else if (op === SPLIT) stack.push(program.x[pc]!, program.y[pc]!);
    else stack.push(op === JUMP ? program.x[pc]! : pc + 1);
  }
  return first;
}

interface Compiled {
  readonly program: Program;
  readonly groups: number;
  readonly first: ByteSet | undefined;
  /** Bytes of the longest match. */
  readonly length: number;
}

function find(compiled: Compiled, text: string, from: number, to: number, budget: Budget): Span | undefined {
  // Starts are tried in stretches, each with room for the longest match after it, so that marks stay small.
  const room = Math.min(compiled.length, ROOM_MAX);
  const stretch = Math.max(2048, room);
  for (let start = from; start <= to && budget.steps > 0; start += stretch) {
    const found = search(compiled, text, start, Math.min(to, start + stretch - 1), Math.min(to, start + stretch + room), budget);
    if (found) return found;
  }
  return undefined;
}

function search(compiled: Compiled, text: string, from: number, lastStart: number, to: number, budget: Budget): Span | undefined {
  const { program, groups, first } = compiled;
  const { op, x, y, sets } = program;
  const width = to - from + 1;
  const marks = new Uint32Array(((op.length * width) >>> 5) + 1);
  const saved = new Int32Array((groups + 1) * 2).fill(-1);
  // Jobs: a step at a place, or (negative) a saved offset to put back.
  const stack: number[] = [];
  budget.steps -= marks.length >>> 2;
  for (let start = from; start <= lastStart && budget.steps > 0; start++) {
    budget.steps--;
    if (first && (start === to || first[text.charCodeAt(start) & 0xff] !== 1)) continue;
    stack.push(0, start);
    while (stack.length > 0) {
      let at = stack.pop()!;
      let pc = stack.pop()!;
      if (pc < 0) {
        saved[-pc - 1] = at;
        continue;
      }
      for (;;) {
        const pair = pc * width + (at - from);
        const bit = 1 << (pair & 31);
        if ((marks[pair >>> 5]! & bit) !== 0) break;
        marks[pair >>> 5]! |= bit;
        budget.steps--;
        const code = op[pc]!;
        if (code === SET) {
          if (at >= to || sets[x[pc]!]![text.charCodeAt(at) & 0xff] !== 1) break;
          at++;
          pc++;
        } else if (code === SPLIT) {
          stack.push(y[pc]!, at);
          pc = x[pc]!;
        } else if (code === JUMP) pc = x[pc]!;
        else if (code === SAVE) {
          stack.push(-x[pc]! - 1, saved[x[pc]!]!);
          saved[x[pc]!] = at;
          pc++;
        } else if (code === ASSERT) {
          if (!holds(x[pc]!, text, at)) break;
          pc++;
        } else return [...saved];
      }
    }
  }
  return undefined;
}

function holds(assertion: number, text: string, at: number): boolean {
  switch (assertion) {
    case 0:
      return at === 0;
    case 1:
      return at === text.length;
    case 2:
      return at === 0 || text.charCodeAt(at - 1) === 10;
    case 3:
      return at === text.length || text.charCodeAt(at) === 10;
    default: {
      const border = isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at));
      return border === (assertion === 4);
    }
  }
}

function isWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a);
}
