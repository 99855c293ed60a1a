// Short forms of a Compose service to their long ones (Compose Specification). What does not fit is told and left out.
import { isObject, kindOf } from '../check.ts';
import type { Mark, Trace, Tree } from '../trace.ts';
import { childMark } from '../trace.ts';

/** How a mistake is told: never with the value. */
export type Tell = (mark: Mark | undefined, message: string, help?: string) => void;

const RANGE_MAX = 1000;

/** `[A=1, B]` or `{A: 1}` to a mapping of texts; null where no value stands. */
export function toMap(trace: Trace, container: Tree, name: string, tell: Tell): void {
  const value = container[name];
  if (value === undefined) return;
  const result: Tree = {};
  const place = trace.markOf(container, name);
  if (Array.isArray(value)) {
    value.forEach((item: unknown, i) => {
      if (item === null || typeof item === 'object')
        return tell(trace.markOf(value, i), `\`${name}\` holds ${kindOf(item)} where \`NAME=value\` belongs`);
      const text = textOf(item);
      const equals = text.indexOf('=');
      trace.set(
        result,
        equals === -1 ? text : text.slice(0, equals),
        equals === -1 ? null : text.slice(equals + 1),
        trace.markOf(value, i),
      );
    });
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (typeof member === 'object' && member !== null)
        tell(trace.markOf(value, key), `\`${name}.${key}\` must be a text, not ${kindOf(member)}`);
      else trace.set(result, key, member === null || member === undefined ? null : textOf(member), trace.markOf(value, key));
    }
  } else if (value !== null) tell(place, `\`${name}\` must be a mapping or a list, not ${kindOf(value)}`);
  if (place) trace.place(result, place);
  container[name] = result;
}

/** `[a, b]` to `{a: null, b: null}`: names that may carry settings (networks, depends_on). */
export function toNamed(trace: Trace, container: Tree, name: string, fill: unknown): void {
  const value = container[name];
  if (!Array.isArray(value)) return;
  const result: Tree = {};
  value.forEach((item: unknown, i) => {
    if (typeof item === 'string') trace.set(result, item, fill, trace.markOf(value, i));
  });
  const place = trace.markOf(container, name);
  if (place) trace.place(result, place);
  container[name] = result;
}

/** One text, or a list, to a list of texts. */
export function toList(trace: Trace, container: Tree, name: string, tell: Tell): void {
  const value = container[name];
  if (value === undefined) return;
  const place = trace.markOf(container, name);
  if (!Array.isArray(value)) {
    if (isObject(value)) tell(place, `\`${name}\` must be a list, not ${kindOf(value)}`);
    const single: unknown[] = value === null || isObject(value) ? [] : [textOf(value)];
    if (place) {
      trace.place(single, place);
      if (single.length > 0) trace.mark(single, 0, place);
    }
    container[name] = single;
    return;
  }
  const kept: unknown[] = [];
  value.forEach((item: unknown, i) => {
    if (item === null || typeof item === 'object')
      tell(trace.markOf(value, i), `\`${name}\` holds ${kindOf(item)} where a text belongs`);
    else trace.set(kept, kept.length, textOf(item), trace.markOf(value, i));
  });
  if (place) trace.place(kept, place);
  container[name] = kept;
}

/** Items of a list, each to a mapping by `long`; several where a short form stands for several. */
export function toItems(
  trace: Trace,
  container: Tree,
  name: string,
  long: (text: string) => readonly Tree[] | undefined,
  tell: Tell,
  forms: string,
): void {
  const value = container[name];
  if (value === undefined) return;
  const place = trace.markOf(container, name);
  const items: Tree[] = [];
  const add = (item: Tree, mark: Mark | undefined): void => {
    if (mark) trace.place(item, mark);
    items.push(item);
  };
  for (const [i, item] of (Array.isArray(value) ? (value as readonly unknown[]) : value === null ? [] : [value]).entries()) {
    const mark = Array.isArray(value) ? trace.markOf(value, i) : place;
    if (isObject(item)) items.push(item as Tree);
    else {
      const read = typeof item === 'string' || typeof item === 'number' ? long(String(item)) : undefined;
      if (read) for (const each of read) add(each, mark);
      else tell(mark, `this item of \`${name}\` cannot be read`, forms);
    }
  }
  if (place) trace.place(items, place);
  container[name] = items;
}

/** `[HOST:][PUBLISHED:]TARGET[/PROTOCOL]`, with ranges on both sides; `[::1]:80:80` for IPv6. */
export function portsOf(text: string): readonly Tree[] | undefined {
  const read =
    /^(?:(\[[0-9a-fA-F:.%]{2,60}\]|[^:/[\]]{1,200}|\$\{[^}]{1,200}\}):)?(?:(\d{1,5}(?:-\d{1,5})?|\$\{?[^:/]{1,200}\}?)?:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(
      text.trim(),
    );
  if (!read) return undefined;
  let [, host, published] = read;
  const [, , , first, last, protocol = 'tcp'] = read;
  // `8080:80`: one part before the target is the published port, not a host.
  if (host !== undefined && published === undefined && !text.startsWith(`${host}::`)) {
    published = host;
    host = undefined;
  }
  if (published !== undefined && !/^[\d$]/.test(published)) return undefined;
  const from = Number(first);
  const to = last === undefined ? from : Number(last);
  if (from < 1 || to > 65_535 || to < from || to - from > RANGE_MAX) return undefined;
  const range = /^(\d+)-(\d+)$/.exec(published ?? '');
  const paired = range && Number(range[2]) - Number(range[1]) === to - from;
  const ports: Tree[] = [];
  for (let target = from; target <= to; target++) {
    const outer = paired ? String(Number(range[1]) + target - from) : published;
    ports.push({
      target,
      ...(outer !== undefined && { published: outer }),
      ...(host !== undefined && { host_ip: host.replaceAll(/^\[|\]$/g, '') }),
      protocol: protocol.toLowerCase(),
    });
  }
  return ports;
}

/** `[SOURCE:]TARGET[:MODE]`; what begins with `.`, `/`, `~` or a drive letter is a path of the host. */
export function volumesOf(text: string): readonly Tree[] | undefined {
  const drive = /^[A-Za-z]:[\\/]/.test(text) ? 2 : 0;
  const parts = splitOutside(text.slice(drive));
  if (parts.length > 3 || parts.length === 0) return undefined;
  if (drive > 0) parts[0] = text.slice(0, drive) + parts[0]!;
  if (parts.length === 1) return [{ type: 'volume', target: parts[0], read_only: false }];
  const [source, target, mode = ''] = parts as [string, string, string?];
  const bind = /^(?:[./~]|[A-Za-z]:[\\/]|\\\\|\$)/.test(source);
  return [{ type: bind ? 'bind' : 'volume', source, target, read_only: mode.split(',').includes('ro') }];
}

/** Splits at colons that stand outside `${…}`. */
function splitOutside(text: string): string[] {
  const parts: string[] = [''];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at]!;
    if (letter === '{') depth++;
    else if (letter === '}') depth--;
    if (letter === ':' && depth <= 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

/** `80`, `80/udp`, `3000-3005` written out. */
export function exposed(text: string): readonly string[] {
  const read = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text.trim());
  if (!read) return [];
  const from = Number(read[1]);
  const to = Number(read[2] ?? read[1]);
  const suffix = read[3] === undefined || /^tcp$/i.test(read[3]) ? '' : `/${read[3].toLowerCase()}`;
  if (from < 1 || to > 65_535 || to < from || to - from > RANGE_MAX) return [];
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}${suffix}`);
}

/** Words of a command line: quotes and backslashes as a shell takes them, nothing is run or put in. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (quote !== '') {
      if (letter === quote) quote = '';
      else if (letter === '\\' && quote === '"' && at + 1 < line.length) word = (word ?? '') + line[++at]!;
      else word = (word ?? '') + letter;
    } else if (letter === '"' || letter === "'") {
      quote = letter;
      word ??= '';
    } else if (letter === '\\' && at + 1 < line.length) word = (word ?? '') + line[++at]!;
    else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + letter;
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** The text of a number, boolean or text. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** The place of a member, for telling. */
export function markAt(trace: Trace, container: object, key: string | number): Mark | undefined {
  const own = trace.placeOf(container);
  return trace.markOf(container, key) ?? (own && childMark(own, key));
}
