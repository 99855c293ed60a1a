// `.env` files, as Compose reads them.
import { interpolate } from './interpolate.ts';

const LINES_MAX = 20_000;

/**
 * `NAME=value` lines: comments, `export`, single quotes (as they are), double quotes (escapes, several lines), and variables of lines
 * before in unquoted and double-quoted values.
 * @param outer what is known besides, e.g. other files; lines here win
 */
export function readDotenv(text: string, outer: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const values = new Map<string, string>();
  const lookUp = (name: string): string | undefined => values.get(name) ?? outer.get(name);
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (let at = 0; at < lines.length && at < LINES_MAX; at++) {
    const line = lines[at]!.trim();
    if (line === '' || line.startsWith('#')) continue;
    const head = /^(?:export\s{1,20})?([A-Za-z_][\w.-]{0,255})\s{0,20}(?:[=:]\s{0,20}|$)/.exec(line);
    if (!head) continue;
    const name = head[1]!;
    let rest = line.slice(head[0].length);
    const quote = rest[0];
    if (quote === '"' || quote === "'") {
      let end = closing(rest, quote);
      // A quoted value may go on over the next lines.
      for (let more = at + 1; end === -1 && more < lines.length && more - at < 200; more++) {
        rest += `\n${lines[more]!}`;
        end = closing(rest, quote);
        if (end !== -1) at = more;
      }
      const inner = rest.slice(1, end === -1 ? undefined : end);
      values.set(name, quote === "'" ? inner : interpolate(unescape(inner), lookUp));
    } else {
      const comment = /(?:^|\s)#/.exec(rest);
      values.set(name, interpolate((comment ? rest.slice(0, comment.index) : rest).trim(), lookUp));
    }
  }
  return values;
}

function closing(text: string, quote: string): number {
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '\\' && quote === '"') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' };

function unescape(text: string): string {
  return text.replaceAll(/\\([nrt"\\$])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
