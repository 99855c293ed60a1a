// Python's order (PEP 440): epoch, release, pre-, post- and development releases, local part. What PEP 440 does not allow is ordered as setuptools did,
// before everything that it allows.
import { compareDigits, compareText, isNumber } from './text.ts';

const PEP440 =
  /^v?(?:([0-9]{1,200})!)?([0-9]{1,200}(?:\.[0-9]{1,200}){0,200})(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]{0,200}))?(?:-([0-9]{1,200})|[-_.]?(post|rev|r)[-_.]?([0-9]{0,200}))?(?:[-_.]?dev[-_.]?([0-9]{0,200}))?(?:\+([a-z0-9]{1,200}(?:[-_.][a-z0-9]{1,200}){0,200}))?$/;

interface Pep440 {
  readonly epoch: string;
  readonly release: readonly string[];
  /** 0 to 2 for a, b, rc; -1 for a development release of the release itself; 3 for none. */
  readonly phase: number;
  readonly phaseNumber: string;
  readonly post: string | undefined;
  readonly dev: string | undefined;
  readonly local: readonly string[];
}

const PHASES: Readonly<Record<string, number>> = { a: 0, alpha: 0, b: 1, beta: 1, c: 2, rc: 2, pre: 2, preview: 2 };

function parse(text: string): Pep440 | undefined {
  const lower = text.trim().toLowerCase();
  if (lower.length > 2000) return undefined;
  const match = PEP440.exec(lower);
  if (!match) return undefined;
  const [, epoch, release, phase, phaseNumber, implicitPost, post, postNumber, dev, local] = match;
  const numbers = release!.split('.');
  while (numbers.length > 1 && /^0+$/.test(numbers.at(-1)!)) numbers.pop();
  const hasPost = implicitPost !== undefined || post !== undefined;
  return {
    epoch: epoch ?? '0',
    release: numbers,
    phase: phase !== undefined ? PHASES[phase]! : !hasPost && dev !== undefined ? -1 : 3,
    phaseNumber: phaseNumber || '0',
    post: hasPost ? implicitPost || postNumber || '0' : undefined,
    dev: dev === undefined ? undefined : dev || '0',
    local: local === undefined ? [] : local.split(/[-_.]/),
  };
}

/** Undefined sorts as `absent` says: before (-1) or after (1) every number. */
function compareOptional(a: string | undefined, b: string | undefined, absent: number): number {
  if (a === undefined || b === undefined) return (a === undefined ? absent : 0) - (b === undefined ? absent : 0);
  return compareDigits(a, b);
}

function compareLocal(a: readonly string[], b: readonly string[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = isNumber(a[i]!);
    if (left !== isNumber(b[i]!)) return left ? 1 : -1;
    const order = left ? compareDigits(a[i]!, b[i]!) : compareText(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function comparePep440(a: Pep440, b: Pep440): number {
  const epoch = compareDigits(a.epoch, b.epoch);
  if (epoch !== 0) return epoch;
  const length = Math.max(a.release.length, b.release.length);
  for (let i = 0; i < length; i++) {
    const order = compareDigits(a.release[i] ?? '0', b.release[i] ?? '0');
    if (order !== 0) return order;
  }
  return (
    a.phase - b.phase ||
    compareDigits(a.phaseNumber, b.phaseNumber) ||
    compareOptional(a.post, b.post, -1) ||
    compareOptional(a.dev, b.dev, 1) ||
    compareLocal(a.local, b.local)
  );
}

const LEGACY: Readonly<Record<string, string>> = { pre: 'c', preview: 'c', '-': 'final-', rc: 'c', dev: '@' };

/** setuptools' old key: numbers padded, words marked, so that texts compare as lists. */
function legacyKey(text: string): readonly string[] {
  const parts: string[] = [];
  for (const [part] of text.toLowerCase().matchAll(/[0-9]+|[a-z]+|-/g)) {
    const word = Object.hasOwn(LEGACY, part) ? LEGACY[part]! : part;
    if (isNumber(word)) parts.push(word.padStart(8, '0'));
    else {
      const marked = `*${word}`;
      if (marked < '*final') while (parts.at(-1) === '*final-') parts.pop();
      while (parts.at(-1) === '00000000') parts.pop();
      parts.push(marked);
    }
    if (parts.length > 400) break;
  }
  parts.push('*final');
  return parts;
}

function compareLegacy(a: string, b: string): number {
  const left = legacyKey(a);
  const right = legacyKey(b);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareText(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Order of Python packages. */
export function comparePypi(a: string, b: string): number {
  if (a === b) return 0;
  const left = parse(a);
  const right = parse(b);
  if (left && right) return comparePep440(left, right);
  if (left || right) return left ? 1 : -1;
  return compareLegacy(a, b);
}
