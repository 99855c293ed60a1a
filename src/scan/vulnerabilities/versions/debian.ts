// dpkg's order (deb-version(7)): epoch, upstream version, revision; digits by value, everything else by a changed alphabet in which `~` comes even before the end.
import { compareDigits, digitsEnd, isDigit, isLetter, isNumber } from './text.ts';

interface DebianVersion {
  readonly epoch: string;
  readonly upstream: string;
  readonly revision: string;
}

function parse(text: string): DebianVersion {
  const version = text.trim();
  const colon = version.indexOf(':');
  const epoch = colon > 0 && isNumber(version.slice(0, colon)) ? version.slice(0, colon) : '';
  const rest = epoch === '' ? version : version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: epoch || '0',
    upstream: dash === -1 ? rest : rest.slice(0, dash),
    revision: dash === -1 ? '' : rest.slice(dash + 1),
  };
}

function rank(code: number): number {
  if (Number.isNaN(code) || isDigit(code)) return 0;
  if (code === 126) return -1;
  return isLetter(code) ? code : code + 256;
}

/** One part, by turns of non-digits and digits. */
function comparePart(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const order = rank(a.charCodeAt(i)) - rank(b.charCodeAt(j));
      if (order !== 0) return order;
      i++;
      j++;
    }
    const iEnd = digitsEnd(a, i);
    const jEnd = digitsEnd(b, j);
    const order = compareDigits(a.slice(i, iEnd) || '0', b.slice(j, jEnd) || '0');
    if (order !== 0) return order;
    i = iEnd;
    j = jEnd;
  }
  return 0;
}

/** Order of Debian and Ubuntu packages. */
export function compareDebian(a: string, b: string): number {
  if (a === b) return 0;
  const left = parse(a);
  const right = parse(b);
  return (
    compareDigits(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  );
}
