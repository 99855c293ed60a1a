/** A stretch of the text that is parsed on its own, so that a mistake in one document leaves the others readable. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/**
 * Cuts a stream at its `---` lines, as Kubernetes' own readers do. In YAML such a line ends a document wherever it stands
 * (YAML 1.2 section 9.1.2), so no document is torn. Directives stay with the document they speak about.
 * @param max at most so many pieces are made; the last one then ends before the end of the text
 */
export function splitDocuments(text: string, max: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let from = 0;
  while (pieces.length < max) {
    const separator = nextSeparator(text, from);
    if (separator === -1) break;
    from = separator + 3;
    if (separator > start && !onlyDirectives(text, start, separator)) {
      pieces.push({ start, end: separator });
      start = separator;
    }
  }
  if (pieces.length < max && start < text.length) pieces.push({ start, end: text.length });
  return pieces;
}

function nextSeparator(text: string, from: number): number {
  if (from === 0 && isSeparator(text, 0)) return 0;
  for (let at = text.indexOf('\n---', Math.max(0, from - 1)); at !== -1; at = text.indexOf('\n---', at + 1)) {
    if (isSeparator(text, at + 1)) return at + 1;
  }
  return -1;
}

function isSeparator(text: string, at: number): boolean {
  if (!text.startsWith('---', at)) return false;
  const after = text.charCodeAt(at + 3);
  return Number.isNaN(after) || after === 10 || after === 13 || after === 32 || after === 9;
}

/** Whether nothing but comments and `%` lines stands here, and at least one of the latter. */
function onlyDirectives(text: string, start: number, end: number): boolean {
  let found = false;
  for (let at = start; at < end;) {
    let lineEnd = text.indexOf('\n', at);
    if (lineEnd === -1 || lineEnd > end) lineEnd = end;
    let first = at;
    while (first < lineEnd && ' \t\r\uFEFF'.includes(text[first]!)) first++;
    const unit = text.charCodeAt(first);
    if (unit === 37 && first === at) found = true;
    else if (first < lineEnd && unit !== 35) return false;
    at = lineEnd + 1;
  }
  return found;
}

/**
 * Cuts `{…} {…}`, JSON values that follow each other without a separator, by counting braces outside strings.
 * @returns no pieces when the text is not of that form
 */
export function splitJson(text: string, piece: Piece, max: number): readonly Piece[] {
  const pieces: Piece[] = [];
  const { end } = piece;
  const token = /["{}[\]]/g;
  let depth = 0;
  let start = skipSpace(text, piece.start, end);
  if (text[start] !== '{') return [];
  token.lastIndex = start;
  for (let match = token.exec(text); match !== null && match.index < end; match = token.exec(text)) {
    const mark = match[0];
    if (mark === '"') token.lastIndex = stringEnd(text, match.index, end);
    else if (mark === '{' || mark === '[') depth++;
    else if (--depth === 0) {
      pieces.push({ start, end: match.index + 1 });
      start = skipSpace(text, match.index + 1, end);
      if (start >= end || pieces.length >= max) return pieces;
      if (text[start] !== '{') return [];
      token.lastIndex = start;
    }
  }
  return [];
}

function skipSpace(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && ' \t\r\n\uFEFF'.includes(text[at]!)) at++;
  return at;
}

function stringEnd(text: string, quote: number, end: number): number {
  for (let at = quote + 1; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 92) at++;
    else if (unit === 34) return at + 1;
  }
  return end;
}
