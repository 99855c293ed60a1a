// Shell text to simple commands: words without their quotes, pipelines, and the commands inside `$(…)`. No expansion, one pass, never throws.

export interface ShellCommand {
  /** `sudo`, `env`, `exec`, assignments and the like before it are gone; see `assignments` and `sudo`. */
  readonly words: readonly string[];
  /** `NAME=value` before the command, or exported by it. */
  readonly assignments: readonly (readonly [name: string, value: string])[];
  readonly sudo: boolean;
  /** Its output goes to the next command of the list. */
  readonly piped: boolean;
  /** Offset of its first word in the text. */
  readonly at: number;
}

const COMMANDS_MAX = 5000;
/** Longer scripts were made by programs; what comes after is not looked at. */
const SCRIPT_MAX = 200_000;
const DEPTH_MAX = 8;
const PREFIXES = new Set([
  'exec',
  'time',
  'nice',
  'nohup',
  'command',
  'builtin',
  'then',
  'else',
  'elif',
  'do',
  'if',
  'while',
  'until',
  '{',
  '(',
  '!',
]);

/**
 * The commands of a script in order; what a command substitution runs follows the command that it stands in.
 * @example commandsOf('curl -k https://x | sh')[0].words // ['curl', '-k', 'https://x']
 */
export function commandsOf(script: string): readonly ShellCommand[] {
  const commands: ShellCommand[] = [];
  scan(script.length > SCRIPT_MAX ? script.slice(0, SCRIPT_MAX) : script, 0, commands, 0);
  return commands;
}

function scan(script: string, base: number, into: ShellCommand[], depth: number): void {
  let words: string[] = [];
  let word: string | undefined;
  let start = 0;
  const inner: (readonly [string, number])[] = [];
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = (piped: boolean): void => {
    endWord();
    if (words.length > 0 && into.length < COMMANDS_MAX) into.push(commandOf(words, piped, base + start));
    words = [];
  };
  const add = (text: string, at: number): void => {
    if (word === undefined && words.length === 0) start = at;
    word = (word ?? '') + text;
  };
  for (let at = 0; at < script.length; at++) {
    const char = script[at]!;
    if (char === '\\') {
      if (script[at + 1] !== '\n') add(script[at + 1] ?? '', at);
      at++;
    } else if (char === "'") {
      const end = script.indexOf("'", at + 1);
      add(script.slice(at + 1, end < 0 ? script.length : end), at);
      at = end < 0 ? script.length : end;
    } else if (char === '"') {
      const end = quoteEnd(script, at + 1);
      const text = script.slice(at + 1, end);
      add(text.replaceAll(/\\(["\\$`])/g, '$1'), at);
      if (/\$\(|`/.test(text)) inner.push([text, at + 1]);
      at = end;
    } else if (char === '$' && script[at + 1] === '(' && script[at + 2] !== '(') {
      const end = bracketEnd(script, at + 1);
      inner.push([script.slice(at + 2, end), at + 2]);
      add(script.slice(at, end + 1), at);
      at = end;
    } else if (char === '`') {
      const end = script.indexOf('`', at + 1);
      inner.push([script.slice(at + 1, end < 0 ? script.length : end), at + 1]);
      add('`', at);
      at = end < 0 ? script.length : end;
    } else if (char === ' ' || char === '\t' || char === '\r') endWord();
    else if (char === '#' && word === undefined) {
      const end = script.indexOf('\n', at);
      at = (end < 0 ? script.length : end) - 1;
    } else if (char === '\n' || char === ';') endCommand(false);
    else if (char === '|') {
      const or = script[at + 1] === '|';
      endCommand(!or);
      if (or || script[at + 1] === '&') at++;
    } else if (char === '&') {
      if (script[at + 1] === '>' || script[at - 1] === '>' || script[at - 1] === '<') add(char, at);
      else {
        endCommand(false);
        if (script[at + 1] === '&') at++;
      }
    } else if ((char === '(' || char === ')') && word === undefined) {
      if (char === ')') endCommand(false);
    } else add(char, at);
  }
  endCommand(false);
  if (depth < DEPTH_MAX) for (const [text, at] of inner) scan(substitutions(text), base + at, into, depth + 1);
}

/** Inside double quotes only what is substituted is a command; the rest is text. */
function substitutions(text: string): string {
  if (!/\$\(|`/.test(text)) return text;
  const parts: string[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '$' && text[at + 1] === '(') {
      const end = bracketEnd(text, at + 1);
      parts.push(text.slice(at + 2, end));
      at = end;
    } else if (text[at] === '`') {
      const end = text.indexOf('`', at + 1);
      if (end < 0) break;
      parts.push(text.slice(at + 1, end));
      at = end;
    }
  }
  return parts.join('\n');
}

function quoteEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

/** @param open index of `(` @returns index of its `)`, or the end */
function bracketEnd(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === "'") {
      const end = text.indexOf("'", at + 1);
      at = end < 0 ? text.length : end;
    } else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return at;
  }
  return text.length;
}

function commandOf(words: readonly string[], piped: boolean, at: number): ShellCommand {
  const assignments: [string, string][] = [];
  let sudo = false;
  let i = 0;
  for (; i < words.length; i++) {
    const word = words[i]!;
    const pair = /^([A-Za-z_]\w{0,99})=(.*)$/s.exec(word);
    if (pair) assignments.push([pair[1]!, pair[2]!]);
    else if (word === 'sudo' || word === 'doas') {
      sudo = true;
      while (words[i + 1]?.startsWith('-')) i += /^-[ugCp]$/.test(words[i + 1]!) ? 2 : 1;
    } else if (word === 'env') while (words[i + 1]?.startsWith('-')) i += /^-[uSC]$/.test(words[i + 1]!) ? 2 : 1;
    else if (!PREFIXES.has(word)) break;
  }
  const rest = words.slice(i);
  if (rest[0] === 'export' || rest[0] === 'set' || rest[0] === 'declare')
    for (const word of rest.slice(1)) {
      const pair = /^([A-Za-z_]\w{0,99})=(.*)$/s.exec(word);
      if (pair) assignments.push([pair[1]!, pair[2]!]);
    }
  return { words: rest, assignments, sudo, piped, at };
}
