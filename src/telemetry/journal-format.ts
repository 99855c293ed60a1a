// How an event lies on disk. One line each: `<crc32, 8 hex> <sequence> <accepted> <event as JSON>\n`. The checksum covers everything after
// its own blank up to the line end. `sequence` counts the events of one stream without holes; `accepted` is the last sequence number the
// process had taken in when this line's batch was formed, so that a torn batch still says how many events it held. It may have leading zeros:
// journal-batch.ts leaves room for it and fills it in last.
import { crc32 } from 'node:zlib';
import type { Event } from '#model/event.ts';

export const LINE_BYTES_MAX = 1024 * 1024;
/** Digits of the checksum, and of `accepted` as batches write it. */
export const SUM_DIGITS = 8;
export const ACCEPTED_DIGITS = 16;
/** Checksum, sequence and accepted with their blanks; a sequence number has at most 16 digits too. */
export const LINE_HEAD_BYTES_MAX = SUM_DIGITS + ACCEPTED_DIGITS + 16 + 3;
const NEWLINE = 0x0a;
const BLANK = 0x20;

export interface Line {
  readonly sequence: number;
  readonly accepted: number;
  readonly event: Event;
}

export function encodeLine(sequence: number, accepted: number, json: string): string {
  const rest = `${sequence} ${accepted} ${json}`;
  return `${crc32(rest).toString(16).padStart(8, '0')} ${rest}\n`;
}

/** Checks the sum before anything else is believed. @param bytes one line without its line end @returns undefined when it is damaged */
export function decodeLine(bytes: Buffer): Line | undefined {
  const head = decodeHead(bytes);
  if (!head) return undefined;
  try {
    const event = JSON.parse(bytes.toString('utf8', head.jsonAt)) as Event;
    return { sequence: head.sequence, accepted: head.accepted, event };
  } catch {
    return undefined;
  }
}

/** The checked numbers of a line, without reading its event. */
export function decodeHead(
  bytes: Buffer,
): { readonly sequence: number; readonly accepted: number; readonly jsonAt: number } | undefined {
  if (bytes.length < 14 || bytes[8] !== BLANK) return undefined;
  const sumText = bytes.toString('latin1', 0, 8);
  if (!/^[0-9a-f]{8}$/.test(sumText)) return undefined;
  if (crc32(bytes.subarray(9)) !== Number.parseInt(sumText, 16)) return undefined;
  const first = bytes.indexOf(BLANK, 9);
  const second = first < 0 ? -1 : bytes.indexOf(BLANK, first + 1);
  if (second < 0) return undefined;
  const sequence = Number(bytes.toString('latin1', 9, first));
  const accepted = Number(bytes.toString('latin1', first + 1, second));
  return Number.isSafeInteger(sequence) && Number.isSafeInteger(accepted)
    ? { sequence, accepted, jsonAt: second + 1 }
    : undefined;
}

/** Calls `each` with every line and its offset; stops early when `each` returns false. Bytes after the last line end are not a line. */
export function eachLine(bytes: Buffer, each: (line: Buffer, offset: number) => boolean | void): void {
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    if (each(bytes.subarray(start, end), start) === false) return;
    start = end + 1;
  }
}

/** `proxy/1` and sequence 17 -> `proxy%2F1.0000000000000017.jnl`. */
export function segmentName(node: string, firstSequence: number): string {
  return `${streamName(node)}.${String(firstSequence).padStart(16, '0')}.jnl`;
}

/** A node's name as a file name's first part. */
export function streamName(node: string): string {
  return encodeURIComponent(node).replaceAll('.', '%2E').replaceAll('*', '%2A');
}

const SEGMENT = /^([^.]+)\.(\d{16})\.jnl$/;

export function parseSegmentName(name: string): { readonly stream: string; readonly firstSequence: number } | undefined {
  const match = SEGMENT.exec(name);
  return match ? { stream: match[1]!, firstSequence: Number(match[2]) } : undefined;
}
