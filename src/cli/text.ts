// How output is laid out: colours where a person looks, none where a program reads; columns that align; sentences that wrap.
import { stripVTControlCharacters, styleText } from 'node:util';

type Tone = 'strong' | 'quiet' | 'good' | 'bad' | 'warn' | 'mark';

const FORMATS: Readonly<Record<Tone, Parameters<typeof styleText>[0]>> = {
  strong: 'bold',
  quiet: 'dim',
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  mark: 'cyan',
};

/** Paints a text in a tone; without colours it gives the text back as it is. */
export type Paint = (tone: Tone, text: string) => string;

export function paintWith(colors: boolean): Paint {
  return (tone, text) => (colors && text !== '' ? styleText(FORMATS[tone], text, { validateStream: false }) : text);
}

/** Columns that a text takes on a terminal: escape codes take none. */
export function width(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

/**
 * Rows as aligned columns, two blanks apart; the last column is not padded.
 * @param options.right indexes of columns that stand at the right, for numbers
 */
export function table(
  rows: readonly (readonly string[])[],
  options: { readonly indent?: number; readonly right?: readonly number[] } = {},
): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, width(cell));
  const margin = ' '.repeat(options.indent ?? 0);
  return rows.map((row) => {
    const cells = row.map((cell, i) => {
      const pad = ' '.repeat((widths[i] as number) - width(cell));
      return options.right?.includes(i) ? pad + cell : i === row.length - 1 ? cell : cell + pad;
    });
    return (margin + cells.join('  ')).trimEnd();
  });
}

/** A paragraph in lines of at most `columns`, each after `indent` blanks. A word longer than a line stays whole. */
export function wrap(text: string, columns: number, indent = 0): string[] {
  const margin = ' '.repeat(indent);
  const room = Math.max(columns - indent, 20);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && width(line) + 1 + width(word) > room) {
      lines.push(margin + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(margin + line);
  return lines;
}

/** A paragraph that begins beside a prefix and goes on in lines after `indent` blanks. */
export function hang(prefix: string, text: string, columns: number, indent: number): string[] {
  const filler = 'x'.repeat(Math.max(0, width(prefix) - indent));
  const [first = '', ...rest] = wrap(filler + text, columns, indent);
  return [prefix + first.slice(indent + filler.length), ...rest];
}

/** `1 file`, `3 files`, `2 policies`. */
export function count(n: number, noun: string): string {
  const many = /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${n} ${n === 1 ? noun : many}`;
}

/** Every line of a text after `indent` blanks. */
export function indented(text: string, indent: number): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(indent) + line));
}

/** Text from outside (a header, a file name, a log line) without anything that could move a terminal's cursor. */
export function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Heading of a section. */
export function heading(paint: Paint, text: string): string {
  return paint('strong', text);
}
