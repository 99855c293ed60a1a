// rpm's order (rpm-version(7)): epoch, version, release, each by rpmvercmp: runs of digits and of letters, `~` before and `^` after the end.
import { compareDigits, compareText, isDigit, isLetter } from './text.ts';

interface Evr {
  readonly epoch: string;
  readonly version: string;
  /** Undefined when none is written. */
  readonly release: string | undefined;
}

function parse(text: string): Evr {
  const colon = text.indexOf(':');
  const dash = text.indexOf('-', colon + 1);
  // A colon after the dash, or behind what cannot be an epoch, belongs to the version.
  const hasEpoch = colon > 0 && /^[A-Za-z0-9~^]+$/.test(text.slice(0, colon));
  const from = hasEpoch ? colon + 1 : 0;
  const split = hasEpoch ? dash : text.indexOf('-');
  return {
    epoch: hasEpoch ? text.slice(0, colon) : '0',
    version: split === -1 ? text.slice(from) : text.slice(from, split),
    release: split === -1 ? undefined : text.slice(split + 1),
  };
}

function isWord(code: number): boolean {
  return isDigit(code) || isLetter(code);
}

function skip(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isWord(code) || code === 126 || code === 94) break;
  }
  return at;
}

function runEnd(text: string, from: number, test: (code: number) => boolean): number {
  let at = from;
  while (at < text.length && test(text.charCodeAt(at))) at++;
  return at;
}

/** Compares one of epoch, version and release. */
export function compareRpmPart(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    i = skip(a, i);
    j = skip(b, j);
    if (a[i] === '~' || b[j] === '~') {
      if (a[i] !== '~') return 1;
      if (b[j] !== '~') return -1;
      i++;
      j++;
      continue;
    }
    if (a[i] === '^' || b[j] === '^') {
      // The caret is later than the end and earlier than anything else.
      if (i >= a.length) return -1;
      if (j >= b.length) return 1;
      if (a[i] !== '^') return 1;
      if (b[j] !== '^') return -1;
      i++;
      j++;
      continue;
    }
    if (i >= a.length || j >= b.length) break;
    const digits = isDigit(a.charCodeAt(i));
    const iEnd = runEnd(a, i, digits ? isDigit : isLetter);
    const jEnd = runEnd(b, j, digits ? isDigit : isLetter);
    // Runs of different kinds: the number is the later one.
    if (jEnd === j) return digits ? 1 : -1;
    const left = a.slice(i, iEnd);
    const right = b.slice(j, jEnd);
    const order = digits ? compareDigits(left, right) : compareText(left, right);
    if (order !== 0) return order;
    i = iEnd;
    j = jEnd;
  }
  return (i < a.length ? 1 : 0) - (j < b.length ? 1 : 0);
}

/** Order of packages of Red Hat, Rocky, AlmaLinux, SUSE and others that use rpm. */
export function compareRpm(a: string, b: string): number {
  if (a === b) return 0;
  const left = parse(a);
  const right = parse(b);
  const order = compareRpmPart(left.epoch, right.epoch) || compareRpmPart(left.version, right.version);
  if (order !== 0) return order;
  if (left.release === undefined || right.release === undefined)
    return (left.release === undefined ? 0 : 1) - (right.release === undefined ? 0 : 1);
  return compareRpmPart(left.release, right.release);
}
