// A Dockerfile (or Containerfile) to instructions, in one pass over its lines: parser directives, continuation lines with comments between
// them, here-documents, flags, JSON forms, ONBUILD (https://docs.docker.com/reference/dockerfile/).
import type { BuildFlag, BuildInstruction } from '#model/image-build.ts';

export interface ParsedBuild {
  readonly instructions: readonly BuildInstruction[];
  readonly escape: string;
  readonly mistakes: readonly { readonly line: number; readonly message: string; readonly help?: string }[];
}

export const KEYWORDS: ReadonlySet<string> = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  ),
);
const INSTRUCTIONS_MAX = 5000;
const MISTAKES_MAX = 20;
const WITH_HEREDOC = new Set(['RUN', 'COPY', 'ADD']);
const WITH_JSON = new Set(['RUN', 'CMD', 'ENTRYPOINT', 'SHELL', 'VOLUME', 'COPY', 'ADD']);

/** Never throws; what is no instruction is told and passed over. */
export function parseDockerfile(text: string): ParsedBuild {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const escape = escapeOf(lines);
  const index = new LineIndex(lines);
  const instructions: BuildInstruction[] = [];
  const mistakes: { line: number; message: string; help?: string }[] = [];
  const tell = (line: number, message: string, help?: string): void => {
    if (mistakes.length < MISTAKES_MAX) mistakes.push({ line, message, ...(help !== undefined && { help }) });
  };
  let stage = -1;
  for (let at = 0; at < lines.length;) {
    const first = content(lines[at]!);
    if (first === '' || first.startsWith('#')) {
      at++;
      continue;
    }
    if (instructions.length >= INSTRUCTIONS_MAX) {
      tell(at + 1, `more than ${INSTRUCTIONS_MAX} instructions: the rest of the file is not read`);
      break;
    }
    const line = at + 1;
    const logical = joinLines(lines, at, escape);
    at = logical.next;
    let [keyword, rest] = firstWord(logical.text);
    const onbuild = keyword.toUpperCase() === 'ONBUILD';
    if (onbuild) [keyword, rest] = firstWord(rest);
    keyword = keyword.toUpperCase();
    if (!KEYWORDS.has(keyword)) {
      tell(
        line,
        `\`${keyword.slice(0, 40)}\` is not an instruction`,
        'a line that goes on needs the escape character at its end',
      );
      continue;
    }
    const { flags, text: body } = flagsOf(rest);
    const heredocs: { name: string; text: string }[] = [];
    if (WITH_HEREDOC.has(keyword)) {
      for (const { name, dash } of heredocNames(body)) {
        const document = heredocBody(lines, index, at, name, dash);
        heredocs.push({ name, text: document.text });
        at = document.next;
      }
    }
    if (keyword === 'FROM' && !onbuild) stage++;
    const json = WITH_JSON.has(keyword) ? jsonWords(body) : undefined;
    instructions.push({ keyword, text: body, flags, ...(json && { json }), heredocs, line, stage, onbuild });
  }
  if (stage < 0) tell(1, 'a Dockerfile needs a `FROM` instruction');
  return { instructions, escape, mistakes };
}

/** Without the white space around it, the carriage return included. */
function content(line: string): string {
  return line.trim();
}

/** Parser directives stand before everything else, each once. */
function escapeOf(lines: readonly string[]): string {
  for (const line of lines.slice(0, 10)) {
    const directive = /^\s*#\s*([a-z]+)\s*=\s*(\S*)/i.exec(line.slice(0, 300));
    if (!directive) return '\\';
    if (directive[1]!.toLowerCase() === 'escape') return directive[2] === '`' ? '`' : '\\';
  }
  return '\\';
}

function joinLines(lines: readonly string[], start: number, escape: string): { text: string; next: number } {
  const parts: string[] = [];
  let at = start;
  while (at < lines.length) {
    const line = content(lines[at]!);
    const inside = at > start;
    at++;
    if (inside && (line === '' || line.startsWith('#'))) continue;
    if (!line.endsWith(escape)) {
      parts.push(line);
      break;
    }
    parts.push(line.slice(0, -1).trimEnd());
  }
  return { text: parts.join(' ').trim(), next: at };
}

function firstWord(text: string): [string, string] {
  let end = 0;
  while (end < text.length && text[end] !== ' ' && text[end] !== '\t') end++;
  return [text.slice(0, end), text.slice(end).trimStart()];
}

function flagsOf(rest: string): { flags: readonly BuildFlag[]; text: string } {
  const flags: BuildFlag[] = [];
  let text = rest;
  while (text.startsWith('--') && flags.length < 50) {
    const [word, next] = firstWord(text);
    const equals = word.indexOf('=');
    flags.push(
      equals < 0
        ? { name: word.slice(2), value: '' }
        : { name: word.slice(2, equals), value: word.slice(equals + 1).replaceAll(/^"|"$/g, '') },
    );
    text = next;
  }
  return { flags, text };
}

/** `<<EOF`, `<<-"EOF"` outside quotes; `<<<` is a shell's here-string. */
function heredocNames(text: string): readonly { readonly name: string; readonly dash: boolean }[] {
  const names: { name: string; dash: boolean }[] = [];
  let quote = '';
  for (let at = 0; at < text.length && names.length < 20; at++) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === '\\' && quote === '"') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '\\') at++;
    else if (char === '<' && text[at + 1] === '<') {
      if (text[at + 2] === '<') {
        at += 2;
        continue;
      }
      const found = /^<<(-?)(["']?)([A-Za-z_][\w.]{0,99})\2/.exec(text.slice(at, at + 110));
      if (found) {
        names.push({ name: found[3]!, dash: found[1] === '-' });
        at += found[0].length - 1;
      } else at++;
    }
  }
  return names;
}

/** Where lines that could end a here-document stand, so that one that does not end costs no second pass. */
class LineIndex {
  readonly #lines: readonly string[];
  #whole: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  /** The first line from `start` on that is `name`; -1 when there is none. @param dash whether tabs before it are passed over */
  find(name: string, start: number, dash: boolean): number {
    this.#whole ??= this.#index();
    const places = this.#whole.get(name) ?? [];
    let [low, high] = [0, places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[middle]! < start) low = middle + 1;
      else high = middle;
    }
    // Without a dash the line must begin at its first column; such lines are rare enough to step over.
    for (let at = low; at < places.length && at < low + 100; at++)
      if (dash || !this.#lines[places[at]!]!.startsWith('\t')) return places[at]!;
    return -1;
  }

  #index(): ReadonlyMap<string, readonly number[]> {
    const index = new Map<string, number[]>();
    for (const [at, line] of this.#lines.entries()) {
      if (line.length > 200) continue;
      const name = line.replace(/\r$/, '').replace(/^\t+/, '');
      const places = index.get(name);
      if (places) places.push(at);
      else index.set(name, [at]);
    }
    return index;
  }
}

function heredocBody(
  lines: readonly string[],
  index: LineIndex,
  start: number,
  name: string,
  dash: boolean,
): { text: string; next: number } {
  const end = index.find(name, start, dash);
  // Docker refuses a here-document that does not end; the rest is then taken to be instructions.
  return end < 0 ? { text: '', next: start } : { text: lines.slice(start, end).join('\n'), next: end + 1 };
}

function jsonWords(text: string): readonly string[] | undefined {
  if (!text.startsWith('[') || text.length > 100_000) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
