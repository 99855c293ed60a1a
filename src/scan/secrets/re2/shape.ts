// What can be said of a pattern without running it: how long its matches are, and which words stand in all of them.
import type { Node } from './parse.ts';

/** Bytes of the longest match; Infinity when there is no bound. */
export function lengthMax(node: Node): number {
  switch (node.kind) {
    case 'empty':
    case 'assert':
      return 0;
    case 'set':
      return 1;
    case 'group':
      return lengthMax(node.part);
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + lengthMax(part), 0);
    case 'choice':
      return Math.max(...node.parts.map(lengthMax));
    case 'repeat': {
      const length = lengthMax(node.part);
      return length === 0 ? 0 : length * node.max;
    }
    default:
      return node satisfies never;
  }
}

/** Whether every match holds one of the words (lower-case), whatever its case. */
export function alwaysHolds(node: Node, words: readonly string[]): boolean {
  switch (node.kind) {
    case 'group':
      return alwaysHolds(node.part, words);
    case 'choice':
      return node.parts.every((part) => alwaysHolds(part, words));
    case 'repeat':
      return node.min > 0 && alwaysHolds(node.part, words);
    case 'sequence':
      return (
        node.parts.some((part) => part.kind !== 'set' && alwaysHolds(part, words)) ||
        words.some((word) => literals(node.parts).includes(word))
      );
    case 'set':
      return words.includes(letterOf(node.set) ?? '\0');
    default:
      return false;
  }
}

/** The text of parts that are single letters (of either case); a NUL where one is not. */
function literals(parts: readonly Node[]): string {
  return parts
    .map((part): string => {
      if (part.kind === 'sequence') return literals(part.parts);
      if (part.kind === 'group') return literals([part.part]);
      return part.kind === 'set' ? (letterOf(part.set) ?? '\0') : '\0';
    })
    .join('');
}

function letterOf(set: Uint8Array): string | undefined {
  let letter: string | undefined;
  for (let code = 0; code < 256; code++) {
    if (set[code] !== 1) continue;
    const char = String.fromCharCode(code).toLowerCase();
    if (letter !== undefined && letter !== char) return undefined;
    letter = char;
  }
  return letter;
}

/** A pattern without the optional stretch at its start that only moves where the match begins: `[\w.-]{0,50}?` of `[\w.-]{0,50}?word`. */
export function withoutLead(tree: Node): {
  readonly tree: Node;
  readonly lead?: { readonly set: Uint8Array; readonly max: number };
} {
  const [first, ...rest] = tree.kind === 'sequence' ? tree.parts : [];
  if (
    first?.kind !== 'repeat' ||
    first.greedy ||
    first.min !== 0 ||
    first.part.kind !== 'set' ||
    first.max > 200 ||
    rest.length === 0
  )
    return { tree };
  return { tree: { kind: 'sequence', parts: rest }, lead: { set: first.part.set, max: first.max } };
}
