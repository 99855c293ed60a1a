import type { SyntaxMistake, YamlLimits } from './mistake.ts';

/** A file's text, or the one reason why it has none. */
export type Decoded = { readonly text: string } | { readonly mistake: SyntaxMistake };

/**
 * Bytes to text: UTF-8 or UTF-16 (YAML 1.2 section 5.2). Refuses what is too large before it is
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
      'save the file as UTF-8 (it may be in Latin-1 or Windows-1252), or leave binary files out',
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
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** From the mark, or from where the first NUL stands: a text begins with an ASCII character (YAML 1.2 section 5.2). */
function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first = 1, second = 1, third = 1, fourth = 1] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (bytes.length % 2 !== 0 || bytes.length < 4) return 'utf-8';
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  return first === 0 && second !== 0 && third === 0 && fourth !== 0 ? 'utf-16be' : 'utf-8';
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
