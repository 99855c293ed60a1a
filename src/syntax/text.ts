import type { SyntaxMistake, YamlLimits } from './mistake.ts';

/** A file's text, or the one reason why it has none. */
export type Decoded = { readonly text: string } | { readonly mistake: SyntaxMistake };

/**
 * Bytes to text: UTF-8, or UTF-16 when a byte order mark says so (YAML 1.2 section 5.2). Refuses what is too large before it is
 * looked at, bytes that are not UTF-8, and NUL, which no text file holds.
 */
export function decodeText(file: string, input: string | Uint8Array, limits: YamlLimits): Decoded {
  if (input.length > limits.fileSizeMax) {
    const message = `the file has ${megabytes(input.length)} MB; at most ${megabytes(limits.fileSizeMax)} MB are read`;
    return refuse(file, 1, 1, 'syntax.too-large', message, 'split it into several files');
  }
  const text = typeof input === 'string' ? input : decodeBytes(input);
  if (text === undefined) {
    const { line, column } = invalidUtf8(input as Uint8Array);
    return refuse(
      file,
      line,
      column,
      'syntax.encoding',
      'these bytes are not UTF-8',
      'save the file as UTF-8, or leave binary files out',
    );
  }
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    const before = text.slice(0, nul);
    const line = before.split('\n').length;
    return refuse(
      file,
      line,
      nul - before.lastIndexOf('\n'),
      'syntax.binary',
      'the file holds a NUL byte: it is binary',
      'leave it out',
    );
  }
  return { text };
}

function megabytes(size: number): string {
  return (size / (1024 * 1024)).toFixed(1).replace(/\.0$/, '');
}

function refuse(file: string, line: number, column: number, code: string, message: string, help: string): Decoded {
  return { mistake: { code, severity: 'error', message, location: { file, line, column }, help } };
}

function decodeBytes(bytes: Uint8Array): string | undefined {
  const label =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  try {
    return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Line and column of the first byte that is not UTF-8 (RFC 3629 section 4). */
function invalidUtf8(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) break;
    if (bytes[at] === 10) {
      line++;
      lineStart = at + 1;
    }
    at += length;
  }
  return { line, column: new TextDecoder().decode(bytes.subarray(lineStart, at)).length + 1 };
}

/** Bytes of the well-formed sequence at `at`; 0 when there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const second = bytes[at + 1]!;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  return length;
}
