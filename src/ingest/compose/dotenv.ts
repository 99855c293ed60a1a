// `.env` files, as Compose reads them.
import { interpolate } from './interpolate.ts';

const LINES_MAX = 20_000;
/** Lines that one quoted value may go over. */
const QUOTED_LINES_MAX = 100;
/** Characters of all values after putting in; beyond that they stay as they are written. */
const EXPANDED_MAX = 1024 * 1024;

/**
 * `NAME=value` lines: comments, `export`, single quotes (as they are), double quotes (escapes, several lines), and variables of lines
 * before in unquoted and double-quoted values.
 * @param outer what is known besides, e.g. other files; lines here win
 */
export function readDotenv(text: string, outer: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const values = new Map<string, string>();
  const lookUp = (name: string): string | undefined => values.get(name) ?? outer.get(name);
  let expanded = 0;
  const put = (name: string, written: string): void => {
    const value = expanded < EXPANDED_MAX ? interpolate(written, lookUp) : written;
    expanded += value.length;
    values.set(name, value);
  };
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
      let end = closing(rest, quote, 1);
      // A quoted value may go on over the next lines.
      for (let more = at + 1; end === -1 && more < lines.length && more - at < QUOTED_LINES_MAX; more++) {
        const from = rest.length + 1;
        rest += `\n${lines[more]!}`;
        end = closing(rest, quote, from);
        if (end !== -1) at = more;
      }
      const inner = rest.slice(1, end === -1 ? undefined : end);
      if (quote === "'") values.set(name, inner);
      else put(name, unescape(inner));
    } else {
      const comment = /(?:^|\s)#/.exec(rest);
      put(name, (comment ? rest.slice(0, comment.index) : rest).trim());
    }
  }
  return values;
}

function closing(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\' && quote === '"') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' };

function unescape(text: string): string {
  return text.replaceAll(/\\([nrt"\\$])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
