// nginx's configuration language: directives with arguments, blocks passed through; one pass, never throws.

export interface NginxDirective {
  readonly name: string;
  readonly args: readonly string[];
  /** From 1. */
  readonly line: number;
}

const DIRECTIVES_MAX = 20_000;
const ARGS_MAX = 200;
const SIZE_MAX = 1024 * 1024;

/**
 * Directives in order, those of blocks too.
 * @example nginxDirectives('server { ssl_protocols TLSv1.2; }').map(({ name }) => name) // ['server', 'ssl_protocols']
 */
export function nginxDirectives(text: string): readonly NginxDirective[] {
  const found: NginxDirective[] = [];
  let words: string[] = [];
  let first = 1;
  let line = 1;
  const end = Math.min(text.length, SIZE_MAX);
  const close = (): void => {
    const [name, ...args] = words;
    if (name !== undefined) found.push({ name, args, line: first });
    words = [];
  };
  for (let at = 0; at < end && found.length < DIRECTIVES_MAX;) {
    const char = text[at]!;
    if (char === '\n') line++;
    if (char <= ' ') at++;
    else if (char === '#') {
      const next = text.indexOf('\n', at);
      at = next < 0 ? end : next;
    } else if (char === '{' && words[0]?.endsWith('_by_lua_block') === true) {
      // Lua has rules of its own: the block is one argument.
      const next = luaEnd(text, at);
      words.push(text.slice(at + 1, next - 1));
      for (let i = at; i < next; i++) if (text.charCodeAt(i) === 10) line++;
      close();
      at = next;
    } else if (char === ';' || char === '{' || char === '}') {
      close();
      at++;
    } else {
      if (words.length === 0) first = line;
      const [word, next] = char === '"' || char === "'" ? quoted(text, at) : plain(text, at);
      if (words.length < ARGS_MAX) words.push(word);
      for (let i = at; i < next; i++) if (text.charCodeAt(i) === 10) line++;
      at = next;
    }
  }
  return found;
}

/** @param open index of `{` @returns index behind its `}`; braces in texts and comments are passed over */
function luaEnd(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const char = text[at]!;
    if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return at + 1;
    else if (char === '"' || char === "'") at = quoted(text, at)[1] - 1;
    else if (char === '-' && text[at + 1] === '-') {
      const end = text.indexOf('\n', at);
      at = (end < 0 ? text.length : end) - 1;
    }
  }
  return text.length;
}

function quoted(text: string, open: number): readonly [string, number] {
  let at = open + 1;
  while (at < text.length && text[at] !== text[open]) at += text[at] === '\\' ? 2 : 1;
  return [text.slice(open + 1, at), Math.min(at + 1, text.length)];
}

/** `${name}` may stand in a word; other braces end it. */
function plain(text: string, start: number): readonly [string, number] {
  let at = start;
  while (at < text.length && !/[\s;{}]/.test(text[at]!)) {
    if (text[at] === '\\') at++;
    else if (text[at] === '$' && text[at + 1] === '{') {
      const close = text.indexOf('}', at);
      if (close > 0 && close - at < 200) at = close;
    }
    at++;
  }
  return [text.slice(start, at), Math.min(Math.max(at, start + 1), text.length)];
}
