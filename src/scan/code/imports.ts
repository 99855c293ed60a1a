// Where names of a file come from.
import { MARK, TEXT, WORD } from './tokens.ts';
import type { Language, Token } from './tokens.ts';

export interface Import {
  /** The name in this file. */
  readonly local: string;
  /** `jsonwebtoken`, `github.com/golang-jwt/jwt/v5`, `io.jsonwebtoken`. */
  readonly module: string;
  /** `default`, `*` for the whole module, else the name there. */
  readonly member: string;
}

const IMPORTS_MAX = 2000;

/** The imports of a file, in order. */
export function importsOf(tokens: readonly Token[], language: Language): readonly Import[] {
  const found: Import[] = [];
  const read = { javascript, python, java: jvm, kotlin: jvm, go }[language];
  for (let at = 0; at < tokens.length && found.length < IMPORTS_MAX; at++) {
    const token = tokens[at]!;
    if (token.kind === WORD && (token.text === 'import' || token.text === 'from' || token.text === 'require'))
      read(tokens, at, found);
  }
  return found;
}

function isMark(token: Token | undefined, text: string): boolean {
  return token?.kind === MARK && token.text === text;
}

/** `a, b as c` between braces; in CommonJS `b: c`. */
function named(tokens: readonly Token[], open: number, module: string, into: Import[]): number {
  let at = open + 1;
  for (; at < tokens.length && !isMark(tokens[at], '}') && at - open < 2000; at++) {
    const token = tokens[at]!;
    if (token.kind !== WORD || token.text === 'type') continue;
    const renamed = (tokens[at + 1]?.text === 'as' || isMark(tokens[at + 1], ':')) && tokens[at + 2]?.kind === WORD;
    into.push({ local: renamed ? tokens[at + 2]!.text : token.text, module, member: token.text });
    if (renamed) at += 2;
  }
  return at;
}

function javascript(tokens: readonly Token[], at: number, into: Import[]): void {
  if (tokens[at]!.text === 'require') {
    const module = tokens[at + 2];
    if (!isMark(tokens[at + 1], '(') || module?.kind !== TEXT || !isMark(tokens[at - 1], '=')) return;
    const before = tokens[at - 2];
    // `require('x').y`
    const member = isMark(tokens[at + 4], '.') && tokens[at + 5]?.kind === WORD ? tokens[at + 5]!.text : '*';
    if (before?.kind === WORD) into.push({ local: before.text, module: module.text, member });
    else if (isMark(before, '}')) {
      let open = at - 3;
      while (open > 0 && !isMark(tokens[open], '{') && at - open < 200) open--;
      named(tokens, open, module.text, into);
    }
    return;
  }
  if (tokens[at]!.text !== 'import' || isMark(tokens[at - 1], '.')) return;
  // The module stands behind `from`, which ends the clause.
  let from = at + 1;
  while (
    from < tokens.length &&
    from - at < 500 &&
    !(tokens[from]!.kind === WORD && tokens[from]!.text === 'from' && tokens[from + 1]?.kind === TEXT)
  ) {
    if (tokens[from]!.kind === TEXT || isMark(tokens[from], ';') || isMark(tokens[from], '(')) return;
    from++;
  }
  const module = tokens[from + 1]?.text;
  if (module === undefined) return;
  for (let i = at + 1; i < from; i++) {
    const token = tokens[i]!;
    if (isMark(token, '{')) i = named(tokens, i, module, into);
    else if (isMark(token, '*') && tokens[i + 1]?.text === 'as' && tokens[i + 2]) {
      into.push({ local: tokens[i + 2]!.text, module, member: '*' });
      i += 2;
    } else if (token.kind === WORD && token.text !== 'type') into.push({ local: token.text, module, member: 'default' });
  }
}

function dotted(tokens: readonly Token[], start: number): { text: string; next: number } {
  let at = start;
  let text = tokens[at]?.kind === WORD ? tokens[at]!.text : '';
  at++;
  while (isMark(tokens[at], '.') && (tokens[at + 1]?.kind === WORD || isMark(tokens[at + 1], '*')) && text.length < 300) {
    text += `.${tokens[at + 1]!.text}`;
    at += 2;
  }
  return { text, next: at };
}

function python(tokens: readonly Token[], at: number, into: Import[]): void {
  if (tokens[at]!.text === 'from') {
    const { text: module, next } = dotted(tokens, at + 1);
    if (tokens[next]?.text !== 'import') return;
    const bracket = isMark(tokens[next + 1], '(');
    for (let i = next + (bracket ? 2 : 1); i - next < 200; i++) {
      const token = tokens[i];
      if (token?.kind !== WORD) return;
      const renamed = tokens[i + 1]?.text === 'as' && tokens[i + 2]?.kind === WORD;
      into.push({ local: renamed ? tokens[i + 2]!.text : token.text, module, member: token.text });
      if (renamed) i += 2;
      if (!isMark(tokens[i + 1], ',')) return;
      i++;
    }
  } else if (tokens[at]!.text === 'import' && !isFromImport(tokens, at)) {
    const { text: module, next } = dotted(tokens, at + 1);
    const renamed = tokens[next]?.text === 'as' && tokens[next + 1]?.kind === WORD;
    if (module !== '') into.push({ local: renamed ? tokens[next + 1]!.text : module.split('.')[0]!, module, member: '*' });
  }
}

function isFromImport(tokens: readonly Token[], at: number): boolean {
  let back = at - 1;
  while (
    back >= 0 &&
    at - back < 40 &&
    (isMark(tokens[back], '.') || (tokens[back]!.kind === WORD && isMark(tokens[back - 1], '.')))
  )
    back--;
  return tokens[back]?.text === 'from' || tokens[back - 1]?.text === 'from';
}

/** `import a.b.C;`, `import static a.b.C.d;`, `import a.b.*;` */
function jvm(tokens: readonly Token[], at: number, into: Import[]): void {
  if (tokens[at]!.text !== 'import') return;
  const start = tokens[at + 1]?.text === 'static' ? at + 2 : at + 1;
  const { text, next } = dotted(tokens, start);
  const cut = text.lastIndexOf('.');
  if (cut <= 0) return;
  const renamed = tokens[next]?.text === 'as' ? tokens[next + 1]?.text : undefined;
  const member = text.slice(cut + 1);
  into.push({ local: renamed ?? member, module: text.slice(0, cut), member });
}

function go(tokens: readonly Token[], at: number, into: Import[]): void {
  if (tokens[at]!.text !== 'import') return;
  const bracket = isMark(tokens[at + 1], '(');
  for (let i = at + (bracket ? 2 : 1); i < tokens.length && i - at < (bracket ? 1000 : 4) && into.length < IMPORTS_MAX; i++) {
    const token = tokens[i]!;
    if (isMark(token, ')')) return;
    if (token.kind === TEXT) {
      const before = tokens[i - 1]!;
      const alias = before.kind === WORD && before.text !== 'import' ? before.text : undefined;
      into.push({ local: alias ?? packageName(token.text), module: token.text, member: '*' });
      if (!bracket) return;
    }
  }
}

/** `github.com/golang-jwt/jwt/v5` is `jwt`, `github.com/dgrijalva/jwt-go` too, `gopkg.in/square/go-jose.v2/jwt` is `jwt`. */
function packageName(path: string): string {
  const parts = path.split('/');
  const last = /^v\d+$/.test(parts.at(-1)!) ? (parts.at(-2) ?? '') : parts.at(-1)!;
  return last.replace(/\.v\d+$/, '').replace(/^go-|-go$/g, '');
}
