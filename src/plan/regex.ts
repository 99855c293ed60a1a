// Regular expressions whose time grows with text times pattern and never faster, for values that operators write and strangers feed.
// Thompson's construction with the simulation of Pike, after R. Cox, "Regular Expression Matching: the Virtual Machine Approach".
import { parseRegex, type CharSet, type Node } from './regex-parse.ts';

export { RegexError } from './regex-parse.ts';

export interface LinearRegex {
  /** Whether the whole text matches, as Envoy's and Istio's `safe_regex` does. */
  test(text: string): boolean;
}

const INSTRUCTIONS_MAX = 10_000;

/** One step of the program: take a character of a set, go to two places, check a border, or accept. */
type Instruction =
  | { readonly op: 'set'; readonly set: CharSet }
  | { readonly op: 'split'; first: number; second: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'border'; readonly at: 'start' | 'end' | 'word' | 'not-word' }
  | { readonly op: 'accept' };

/**
 * Compiles RE2's everyday syntax: literals, `.`, classes, `\d \w \s \b` and their opposites, groups, `|`, `* + ? {n,m}` (lazy forms read
 * alike, as only acceptance counts), `^ $` and a leading `(?i)` or `(?s)`.
 * @throws RegexError for anything else (back-references, look-around) and for programs beyond 10,000 steps
 */
export function compileRegex(pattern: string): LinearRegex {
  const program: Instruction[] = [];
  emit(parseRegex(pattern, INSTRUCTIONS_MAX), program);
  program.push({ op: 'accept' });
  return { test: (text) => run(program, text) };
}

function emit(node: Node, out: Instruction[]): void {
  switch (node.kind) {
    case 'empty':
      return;
    case 'set':
      out.push({ op: 'set', set: node.set });
      return;
    case 'border':
      out.push({ op: 'border', at: node.at });
      return;
    case 'sequence':
      for (const part of node.parts) emit(part, out);
      return;
    case 'choice':
      emitChoice(node.parts, out);
      return;
    case 'repeat':
      for (let i = 0; i < node.min; i++) emit(node.part, out);
      if (node.max === Infinity) emitStar(node.part, out);
      else for (let i = node.min; i < node.max; i++) emitOptional(node.part, out);
      return;
    default:
      node satisfies never;
  }
}

function emitChoice(parts: readonly Node[], out: Instruction[]): void {
  const jumps: { op: 'jump'; to: number }[] = [];
  parts.forEach((part, i) => {
    if (i === parts.length - 1) return emit(part, out);
    const split = { op: 'split' as const, first: out.length + 1, second: 0 };
    out.push(split);
    emit(part, out);
    const jump = { op: 'jump' as const, to: 0 };
    jumps.push(jump);
    out.push(jump);
    split.second = out.length;
  });
  for (const jump of jumps) jump.to = out.length;
}

function emitStar(part: Node, out: Instruction[]): void {
  const start = out.length;
  const split = { op: 'split' as const, first: start + 1, second: 0 };
  out.push(split);
  emit(part, out);
  out.push({ op: 'jump', to: start });
  split.second = out.length;
}

function emitOptional(part: Node, out: Instruction[]): void {
  const split = { op: 'split' as const, first: out.length + 1, second: 0 };
  out.push(split);
  emit(part, out);
  split.second = out.length;
}

function run(program: readonly Instruction[], text: string): boolean {
  let now = new Uint32Array(program.length);
  let next = new Uint32Array(program.length);
  const mark = new Int32Array(program.length).fill(-1);
  let count = follow(program, text, 0, 0, now, 0, mark);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    let nextCount = 0;
    for (let i = 0; i < count; i++) {
      const step = program[now[i]!]!;
      if (step.op === 'set' && step.set(code)) nextCount = follow(program, text, now[i]! + 1, at + 1, next, nextCount, mark);
    }
    if (nextCount === 0) return false;
    [now, next, count] = [next, now, nextCount];
  }
  for (let i = 0; i < count; i++) if (program[now[i]!]!.op === 'accept') return true;
  return false;
}

/** Adds every instruction reachable without a character, each once a position, so that a position costs at most the program's length. */
function follow(
  program: readonly Instruction[],
  text: string,
  start: number,
  at: number,
  list: Uint32Array,
  count: number,
  mark: Int32Array,
): number {
  const stack = [start];
  let length = count;
  while (stack.length > 0) {
    const pc = stack.pop()!;
    if (mark[pc] === at) continue;
    mark[pc] = at;
    const step = program[pc]!;
    if (step.op === 'jump') stack.push(step.to);
    else if (step.op === 'split') stack.push(step.second, step.first);
    else if (step.op === 'border') {
      if (holds(step.at, text, at)) stack.push(pc + 1);
    } else list[length++] = pc;
  }
  return length;
}

function holds(border: 'start' | 'end' | 'word' | 'not-word', text: string, at: number): boolean {
  if (border === 'start') return at === 0;
  if (border === 'end') return at === text.length;
  const word = isWord(text.charCodeAt(at - 1)) !== isWord(text.charCodeAt(at));
  return border === 'word' ? word : !word;
}

function isWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a);
}
