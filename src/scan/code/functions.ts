// Where the functions of a source file begin and end, and which of them calls which.
import type { Source } from './source.ts';
import { MARK, WORD } from './tokens.ts';

export interface Place {
  /** Absent for a callback, and for what stands outside of functions. */
  readonly name?: string;
  /** Token indexes of its body and parameters, the end not included. */
  readonly from: number;
  readonly to: number;
  /** What stands outside of functions: bodies of functions in its range are not its own. */
  readonly outside?: boolean;
}

/** Ends of expressions by where they begin. */
type Ends = Map<number, number>;

const PLACES_MAX = 20_000;
/** Tokens between the parameters and the body: types, `throws`. */
const TYPE_MAX = 60;
const CONTROL = new Set(
  'if for while switch catch with synchronized return when match else do try using lock foreach elif await yield case in of not and or'.split(
    ' ',
  ),
);

/** For `Source.once`. */
export function functionsOf(source: Source): Functions {
  return new Functions(source);
}

/** The functions of one file, outer ones before those inside them. */
export class Functions {
  readonly all: readonly Place[];
  readonly #byName = new Map<string, Place[]>();
  readonly #source: Source;
  readonly #outside: Place;

  constructor(source: Source) {
    this.#source = source;
    const found = source.language === 'python' ? pythonPlaces(source) : bracedPlaces(source);
    this.all = found.toSorted((a, b) => a.from - b.from || b.to - a.to);
    this.#outside = { from: 0, to: source.tokens.length, outside: true };
    for (const place of this.all) {
      if (place.name === undefined) continue;
      const known = this.#byName.get(place.name);
      if (known) known.push(place);
      else this.#byName.set(place.name, [place]);
    }
  }

  /** The innermost function around a token. */
  around(index: number): Place {
    for (let at = this.#lastBefore(index); at >= 0; at--) if (this.all[at]!.to > index) return this.all[at]!;
    return this.#outside;
  }

  /** The function around a function. */
  parent(place: Place): Place | undefined {
    if (place.outside) return undefined;
    for (let at = this.#lastBefore(place.from - 1); at >= 0; at--) if (this.all[at]!.to >= place.to) return this.all[at]!;
    return this.#outside;
  }

  #lastBefore(index: number): number {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.all[middle]!.from <= index) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  named(name: string): readonly Place[] {
    return this.#byName.get(name) ?? [];
  }

  /** Functions of this file whose bodies call that one by its name. */
  callers(place: Place): readonly Place[] {
    if (place.name === undefined) return [];
    const found = new Set<Place>();
    for (const { method, word } of this.#source.calls)
      if (method === place.name && (word < place.from || word >= place.to)) found.add(this.around(word));
    return [...found];
  }

  /** A function and those of this file that it calls, directly or through each other. @param most how many at most */
  reached(place: Place, most = 20): readonly Place[] {
    const found: Place[] = [place];
    for (let at = 0; at < found.length && found.length < most; at++)
      for (const { method, word } of this.#callsIn(found[at]!))
        if (this.owns(found[at]!, word))
          for (const called of this.named(method)) if (!found.includes(called) && found.length < most) found.push(called);
    return found;
  }

  #callsIn({ from, to }: Place): readonly { readonly method: string; readonly word: number }[] {
    const { calls } = this.#source;
    let [low, high] = [0, calls.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (calls[middle]!.word < from) low = middle + 1;
      else high = middle;
    }
    const found: { method: string; word: number }[] = [];
    for (let at = low; at < calls.length && calls[at]!.word < to && found.length < 2000; at++) found.push(calls[at]!);
    return found;
  }

  /** Whether a token belongs to a place. */
  owns(place: Place, index: number): boolean {
    return place.outside ? this.around(index) === place : index >= place.from && index < place.to;
  }
}

/** `def` and what is indented below it. */
function pythonPlaces(source: Source): readonly Place[] {
  const { tokens, text } = source;
  const places: Place[] = [];
  const open: { name: string; from: number; column: number }[] = [];
  let lineEnd = -1;
  let closed = -1;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    // The first token of a line outside of brackets ends what is indented as far or farther.
    if (token.at > lineEnd) {
      const start = text.lastIndexOf('\n', token.at) + 1;
      const next = text.indexOf('\n', token.at);
      lineEnd = next < 0 ? text.length : next;
      if (at > closed)
        while (open.length > 0 && token.at - start <= open.at(-1)!.column) {
          const { name, from } = open.pop()!;
          places.push({ name, from, to: at });
        }
      if (at > closed && places.length + open.length < PLACES_MAX) {
        const def = source.is(at, 'def') ? at : source.is(at, 'async') && source.is(at + 1, 'def') ? at + 1 : -1;
        if (def >= 0 && tokens[def + 1]?.kind === WORD)
          open.push({ name: tokens[def + 1]!.text, from: def + 2, column: token.at - start });
      }
    }
    const partner = source.partner(at);
    if (partner > closed) closed = Math.min(partner, at + 5000);
  }
  for (const { name, from } of open) places.push({ name, from, to: tokens.length });
  return places;
}

function bracedPlaces(source: Source): readonly Place[] {
  const places: Place[] = [];
  const { tokens, language } = source;
  // From the end on: where a function in the middle of an expression ends, the ones around it end too.
  const ends: Ends = new Map();
  for (let at = tokens.length - 1; at > 0 && places.length < PLACES_MAX; at--) {
    const token = tokens[at]!;
    if (token.kind !== MARK) continue;
    if (token.text === '(') {
      const close = source.partner(at);
      if (close >= tokens.length) continue;
      const named = tokens[at - 1]!.kind === WORD ? tokens[at - 1]!.text : undefined;
      if (named !== undefined && CONTROL.has(named)) continue;
      if (language === 'go' && !isGoFunction(source, at)) continue;
      const name = named === 'function' || named === 'func' || named === 'async' ? undefined : named;
      if (language === 'kotlin') {
        if (tokens[at - 2]?.text === 'fun' || (source.is(at - 2, '.') && tokens[at - 4]?.text === 'fun'))
          push(source, places, name, at, kotlinEnd(source, close, ends));
        continue;
      }
      const body = bodyAfter(source, close);
      if (body < 0) continue;
      if (source.is(body, '=>')) {
        const end = source.is(body + 1, '{') ? source.partner(body + 1) + 1 : expressionEnd(source, body + 1, ends);
        // `const f = async (x) => …`: `named` is no name of an arrow function.
        const first = named === 'async' ? at - 1 : at;
        push(source, places, assignedName(source, first), at, end);
      } else push(source, places, name ?? assignedName(source, at - 1), at, source.partner(body) + 1);
    } else if (token.text === '=>' && tokens[at - 1]!.kind === WORD && language === 'javascript') {
      const end = source.is(at + 1, '{') ? source.partner(at + 1) + 1 : expressionEnd(source, at + 1, ends);
      const first = source.is(at - 2, 'async') ? at - 2 : at - 1;
      push(source, places, assignedName(source, first), at - 1, end);
    }
  }
  return places;
}

function push(source: Source, places: Place[], name: string | undefined, from: number, end: number): void {
  const to = Math.min(end, source.tokens.length);
  if (to > from) places.push(name === undefined ? { from, to } : { name, from, to });
}

/** `f = (…) =>`, `f: (…) =>`, `exports.f = function`: the word before. */
function assignedName(source: Source, first: number): string | undefined {
  if (source.is(first, 'async')) return assignedName(source, first - 1);
  if (source.is(first, 'function')) return assignedName(source, first - 1);
  const sign = source.is(first, '=') || source.is(first, ':') ? first : first - 1;
  if (!source.is(sign, '=') && !source.is(sign, ':') && !source.is(sign, ':=')) return undefined;
  const word = source.tokens[sign - 1];
  return word?.kind === WORD ? word.text : undefined;
}

/** `func name(`, `func (receiver) name(`, `func(`; a receiver's own bracket is none. */
function isGoFunction(source: Source, open: number): boolean {
  if (source.is(open - 1, 'func')) {
    const after = source.partner(open) + 1;
    return !(source.tokens[after]?.kind === WORD && source.is(after + 1, '('));
  }
  if (source.tokens[open - 1]?.kind !== WORD) return false;
  if (source.is(open - 2, 'func')) return true;
  return source.is(open - 2, ')') && source.is(source.partner(open - 2) - 1, 'func');
}

/** Index of the `{` or `=>` of the body behind parameters, types and `throws` passed over; -1 when there is none. */
function bodyAfter(source: Source, close: number): number {
  const { language } = source;
  let at = close + 1;
  if (source.is(at, '{') || source.is(at, '=>')) return at;
  if (language === 'java' && !source.is(at, 'throws')) return -1;
  if (language === 'javascript' && !source.is(at, ':')) return -1;
  let angle = 0;
  for (let steps = 0; steps < TYPE_MAX && at < source.tokens.length; steps++) {
    const token = source.tokens[at]!;
    if (source.is(at, '<')) angle++;
    else if (source.is(at, '>')) angle = Math.max(0, angle - 1);
    else if (token.kind === MARK && (token.text === ';' || token.text === '=' || token.text === '}' || token.text === ')'))
      return -1;
    else if (angle === 0 && source.is(at, '=>')) return at;
    else if (angle === 0 && source.is(at, '{') && !source.is(at - 1, 'interface') && !source.is(at - 1, 'struct'))
      return source.is(at - 1, ':') ? objectType(source, at) : at;
    const partner = source.partner(at);
    at = partner > at ? partner + 1 : at + 1;
  }
  return -1;
}

/** `): { active: boolean } {`: the second brace is the body. */
function objectType(source: Source, open: number): number {
  const next = source.partner(open) + 1;
  return source.is(next, '{') || source.is(next, '=>') ? next : -1;
}

/** The end of a Kotlin function: of its block, or of the expression behind `=`. */
function kotlinEnd(source: Source, close: number, ends: Ends): number {
  for (let at = close + 1, steps = 0; at < source.tokens.length && steps < TYPE_MAX; steps++) {
    if (source.is(at, '{')) return source.partner(at) + 1;
    if (source.is(at, '=')) return expressionEnd(source, at + 1, ends);
    if (source.is(at, ';') || source.is(at, '}') || source.is(at, 'fun')) return -1;
    const partner = source.partner(at);
    at = partner > at ? partner + 1 : at + 1;
  }
  return -1;
}

/** Words that begin a statement, and so end an expression that has no brackets around it. */
const BEGINS =
  /^(?:const|let|var|val|function|class|export|module|exports|import|if|return|fun|private|public|internal|override|async|interface|type|data|object|throw)$/;

function expressionEnd(source: Source, start: number, ends: Ends): number {
  const end = findEnd(source, start, ends);
  ends.set(start, end);
  return end;
}

function findEnd(source: Source, start: number, ends: Ends): number {
  let at = start;
  for (let steps = 0; at < source.tokens.length && steps < 4000; steps++) {
    const token = source.tokens[at]!;
    const known = at > start ? ends.get(at) : undefined;
    if (known !== undefined) return known;
    if (token.kind === MARK && /^[;,)\]}]$/.test(token.text)) return at;
    if (at > start && token.kind === WORD && BEGINS.test(token.text) && source.startsLine(at)) return at;
    const partner = source.partner(at);
    at = partner > at ? partner + 1 : at + 1;
  }
  return at;
}
