// Writing heads. Framing fields are the codec's alone: what the caller gives of them is passed over, so that no header can disagree with the body.
import { STATUS_CODES } from 'node:http';
import { assert } from '#base/assert.ts';
import type { HeaderInput } from '../types.ts';
import { isFieldValue, isToken, isVisible } from './chars.ts';

const STATUS_LINES: readonly (string | undefined)[] = Array.from({ length: 600 }, (_, status) =>
  status < 100 ? undefined : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`,
);

/** @throws AssertionBug when the status is no number from 100 to 599 */
export function statusLine(status: number): string {
  const line = STATUS_LINES[status];
  assert(line !== undefined, 'an answer needs a status from 100 to 599');
  return line;
}

/** Names that only the codec writes. Looked up by length first: most names leave after one comparison. */
function isFraming(name: string): boolean {
  switch (name.length) {
    case 6:
      // Answered by the serving side already: the body follows at once.
      return name.toLowerCase() === 'expect';
    case 7:
      return /^(?:upgrade|trailer)$/i.test(name);
    case 10:
      return /^(?:connection|keep-alive)$/i.test(name);
    case 14:
      return name.toLowerCase() === 'content-length';
    case 16:
      return name.toLowerCase() === 'proxy-connection';
    case 17:
      return name.toLowerCase() === 'transfer-encoding';
    default:
      return false;
  }
}

/** A whole request head. @param framing lines of the codec's own fields @throws AssertionBug as fieldLines */
export function requestHead(method: string, target: string, headers: HeaderInput, framing: string): string {
  assert(isToken(method) && isVisible(target), 'a request to be written has a forbidden byte in its first line');
  return `${method} ${target} HTTP/1.1\r\n${fieldLines(headers)}${framing}\r\n`;
}

/**
 * The lines of the given fields, framing fields left out.
 * @throws AssertionBug when a name or value would break the line: such text must be refused where it enters, not here
 */
export function fieldLines(headers: HeaderInput): string {
  let lines = '';
  if (typeof headers[0] === 'string') {
    const flat = headers as readonly string[];
    for (let i = 0; i + 1 < flat.length; i += 2) lines += fieldLine(flat[i]!, flat[i + 1]!);
  } else {
    for (const [name, value] of headers as readonly (readonly [string, string])[]) lines += fieldLine(name, value);
  }
  return lines;
}

function fieldLine(name: string, value: string): string {
  if (isFraming(name)) return '';
  assert(isToken(name) && isFieldValue(value), 'a header to be written has a forbidden byte');
  return `${name}: ${value}\r\n`;
}

/** Size line of one chunk. */
export const chunkHead = (size: number): string => `${size.toString(16)}\r\n`;
export const LAST_CHUNK = '0\r\n\r\n';

/** Field lines of a final answer; adds Date where there is none (RFC 9110 section 6.6.1). */
export function answerFields(headers: HeaderInput, source: { readonly dateText: string }): string {
  const step = typeof headers[0] === 'string' ? 2 : 1;
  let dated = false;
  for (let i = 0; i < headers.length && !dated; i += step) {
    const entry = headers[i]!;
    const name = typeof entry === 'string' ? entry : entry[0];
    dated = name.length === 4 && name.toLowerCase() === 'date';
  }
  return dated ? fieldLines(headers) : `${fieldLines(headers)}date: ${source.dateText}\r\n`;
}
