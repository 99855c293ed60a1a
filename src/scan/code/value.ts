// What expressions of source code are read to, and which brackets belong together.
import { MARK } from './tokens.ts';
import type { Token } from './tokens.ts';

export type Value =
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'flag'; readonly flag: boolean; readonly at: number }
  | { readonly kind: 'number'; readonly number: number; readonly at: number }
  | { readonly kind: 'null'; readonly at: number }
  | { readonly kind: 'list'; readonly items: readonly Value[]; readonly at: number }
  /** `open` when it may hold more than is written here. */
  | { readonly kind: 'record'; readonly members: ReadonlyMap<string, Value>; readonly open: boolean; readonly at: number }
  | { readonly kind: 'call'; readonly call: Call; readonly at: number }
  | { readonly kind: 'function'; readonly from: number; readonly to: number; readonly at: number }
  | { readonly kind: 'name'; readonly name: string; readonly at: number }
  | { readonly kind: 'unknown'; readonly at: number };

export interface Argument {
  /** Of a keyword argument. */
  readonly name?: string;
  /** Token indexes, the end not included. */
  readonly from: number;
  readonly to: number;
}

export interface Call {
  /** `verify` */
  readonly method: string;
  /** `jwt.verify`; only the method when a call or bracket stands before its dot. */
  readonly callee: string;
  /** Index of the opening bracket's token, and of the closing one. */
  readonly open: number;
  readonly close: number;
  /** Index of the method's token. */
  readonly word: number;
  /** Offset in the text. */
  readonly at: number;
}

/** For each bracket's token the index of its partner, the number of tokens for one that is never closed; -1 for other tokens. */
export function partners(tokens: readonly Token[]): Int32Array {
  const partner = new Int32Array(tokens.length).fill(-1);
  const open: number[] = [];
  const closing: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  for (let at = 0; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== MARK) continue;
    if (text === '(' || text === '[' || text === '{') {
      open.push(at);
      partner[at] = tokens.length;
    } else if (Object.hasOwn(closing, text)) {
      const last = open.at(-1);
      if (last === undefined || tokens[last]!.text !== closing[text]) continue;
      open.pop();
      partner[last] = at;
      partner[at] = last;
    }
  }
  return partner;
}
