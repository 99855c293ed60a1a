// Credentials on a `curl` command line: `-u user:password`, `-H 'Authorization: …'`, within the command and its continued lines.
import { isPlaceholder } from '../placeholder.ts';
import type { Match, Matcher } from '../rule.ts';

const COMMAND_MAX = 2048;
const HEADER =
  /[ \t\r\n](?:-H|--header)[ \t=]{0,5}(["'])(?:(?:Proxy-)?Authorization:[ \t]{0,5}(?:(?:Basic|Bearer|(?:Api-?)?Token|Digest|Key|ApiKey)[ \t]{1,4})?|(?:X-(?:[A-Za-z]{1,20}-){0,3})?(?:Auth-?|Access-?|Private-?)?(?:Api-?)?(?:Key|Token|Secret|Password):[ \t]{0,5})([\w=~@.+/:-]{8,1024})\1/dgi;
const USER =
  /[ \t\r\n](?:-u|--user)[ \t=]{0,5}(?:"([^"\r\n]{4,200})"(?::"([^"\r\n]{3,200})")?|'([^'\r\n]{4,200})'(?::'([^'\r\n]{3,200})')?|([\w$@.{}:!#%+/=-]{5,200}))(?=[\s]|$)/dg;
const DULL =
  /^(?:user(?:name)?|name|login|admin|root|test|foo|bar|xxx?|yyy?|api|me|you|email|account|password|passwd|pass|pwd|secret|token|key|changeit|changeme|\*+|x+|y+|z+)$/i;

/** The keyword is `curl`. @param kind which of the two is looked for */
export function curlMatcher(kind: 'header' | 'user'): Matcher {
  const search = new RegExp(kind === 'header' ? HEADER : USER);
  const options = kind === 'header' ? [' -H', '--header', '\t-H', '\n-H'] : [' -u', '--user', '\t-u', '\n-u'];
  return (view, at) => {
    const { text } = view;
    if (view.effort.left <= 0 || /[\w-]/.test(text[at - 1] ?? '') || !/\s/.test(text[at + 4] ?? '')) return undefined;
    const command = text.slice(at, commandEnd(text, at));
    if (!options.some((option) => command.includes(option)) || view.effort.left-- <= 0) return undefined;
    search.lastIndex = 0;
    for (let found = search.exec(command); found; found = search.exec(command)) {
      const match = kind === 'header' ? header(found, at) : user(found, at);
      if (match) return match;
    }
    return undefined;
  };
}

/** The end of the line, and of those after it that go on with it: after a backslash, or by starting with an option or a comment sign. */
function commandEnd(text: string, at: number): number {
  const following = text.slice(at + 4, at + COMMAND_MAX).indexOf('curl ');
  const limit = Math.min(text.length, at + (following === -1 ? COMMAND_MAX : following + 4));
  let end = at;
  for (let lines = 0; lines < 7; lines++) {
    const within = text.slice(end, limit).indexOf('\n');
    if (within === -1) return limit;
    const newline = end + within;
    const continued =
      /\\\r?$/.test(text.slice(Math.max(at, newline - 3), newline)) ||
      /^[ \t#]{1,40}-/.test(text.slice(newline + 1, newline + 42));
    if (!continued) return newline;
    end = newline + 1;
  }
  return end;
}

function header(found: RegExpExecArray, base: number): Match | undefined {
  const secret = found[2]!;
  if (isPlaceholder(secret) || /^[xX*.]+$/.test(secret) || new Set(secret).size < 5) return undefined;
  // `Basic eyJ…` is a JWT with the wrong scheme; its own kind tells it.
  if (/^eyJ[\w-]+\.eyJ/.test(secret)) return undefined;
  return at(found, 2, base);
}

function user(found: RegExpExecArray, base: number): Match | undefined {
  const group = [5, 3, 1].find((i) => found[i] !== undefined)!;
  const second = group === 1 ? 2 : group === 3 ? 4 : 0;
  if (second && found[second] !== undefined) return judged(found[group]!, found[second]) ? at(found, second, base) : undefined;
  const value = found[group]!;
  const colon = value.indexOf(':');
  if (colon === -1) return undefined;
  return judged(value.slice(0, colon), value.slice(colon + 1)) ? at(found, group, base) : undefined;
}

/** A password, or a token in the user's place with an empty password. */
function judged(name: string, password: string): boolean {
  const secret = password === '' ? name : password;
  if (secret.length < 3 || DULL.test(secret) || isPlaceholder(secret)) return false;
  if (/^[$%<[({]/.test(secret) && !/^\{[\w!@#%^&*-]{8,80}\}$/.test(secret)) return false;
  return !/\$\(|\$[A-Za-z_{\d]/.test(secret);
}

function at(found: RegExpExecArray, group: number, base: number): Match {
  const [start, end] = found.indices![group]!;
  return { start: base + found.index, end: base + search(found), secretStart: base + start, secretEnd: base + end };
}

function search(found: RegExpExecArray): number {
  return found.index + found[0].length;
}
