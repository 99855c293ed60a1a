// Values inside a Kubernetes `kind: Secret` that stands in a file. Works on lines, so that templates and half-written files are read too.
import type { Match, Matcher } from '../rule.ts';
import { isReference } from '../placeholder.ts';

/** `kind: Secret` in the ways it is written; the automaton knows no alternatives. */
export const KIND_SECRET: readonly string[] = [
  'kind: secret',
  'kind:secret',
  'kind:  secret',
  "kind: 'secret",
  'kind: "secret',
  'kind": "secret',
  'kind":"secret',
];
const DOCUMENT_MAX = 64 * 1024;
const LINES_MAX = 400;
const DATA_LINE = /^[ \t]{0,20}["']?(data|stringData)["']?[ \t]{0,4}:[ \t\r{]{0,4}$/;
const ENTRY = /^([ \t]{0,40})["']?([\w.-]{1,120})["']?[ \t]{0,4}:[ \t]{0,10}(.{0,4000})$/;

/** The keyword is one of KIND_SECRET. */
export const kubernetesSecret: Matcher = ({ text }, at, keyword, tried) => {
  if (/\w/.test(text[at + keyword.length] ?? '') || /\w/.test(text[at - 1] ?? '')) return undefined;
  const start = documentStart(text, at, tried);
  if (start === -1) return undefined;
  let lineStart = start;
  let block: 'data' | 'stringData' | undefined;
  let pending = false;
  for (let lines = 0; lines < LINES_MAX && lineStart < text.length; lines++) {
    const newline = text.indexOf('\n', lineStart);
    const lineEnd = newline === -1 ? text.length : newline;
    if (lineEnd - lineStart > 8192) return undefined;
    const line = text.slice(lineStart, lineEnd).trimEnd();
    if (lineStart > start && line.startsWith('---')) return undefined;
    const opened = DATA_LINE.exec(line);
    if (opened) block = opened[1] as 'data' | 'stringData';
    else if (block && /^[^ \t#\r\n]/.test(line)) block = undefined;
    else if (block && !/^[ \t]{0,40}(?:#|$)/.test(line)) {
      const found: Match | 'block' | undefined = pending ? plain(line, lineStart, 0) : entry(line, lineStart);
      pending = found === 'block';
      if (found && found !== 'block' && accepted(text.slice(found.secretStart, found.secretEnd), block)) return found;
    }
    lineStart = lineEnd + 1;
  }
  return undefined;
};

/** -1 when the document was looked at before, or is longer than any Secret that people write. */
function documentStart(text: string, at: number, tried: number): number {
  const from = Math.max(0, at - DOCUMENT_MAX, tried);
  const near = text.slice(from, at).lastIndexOf('\n---');
  if (near !== -1) return from + near + 1;
  return from === 0 ? 0 : -1;
}

function entry(line: string, lineStart: number): Match | 'block' | undefined {
  const found = ENTRY.exec(line);
  if (!found) return undefined;
  const value = found[3]!;
  if (/^[|>][+-]?\d?$/.test(value)) return 'block';
  return plain(line, lineStart, line.length - value.length);
}

function plain(line: string, lineStart: number, from: number): Match | undefined {
  const raw = line.slice(from);
  const lead = /^[ \t]{0,80}["']?/.exec(raw)![0].length;
  const value = raw.slice(lead).replace(/["'],?$/, '');
  if (value === '') return undefined;
  const secretStart = lineStart + from + lead;
  return { start: secretStart, end: secretStart + value.length, secretStart, secretEnd: secretStart + value.length };
}

/** In `data` base64 of at least six bytes; in `stringData` anything but a template. */
function accepted(value: string, block: 'data' | 'stringData'): boolean {
  if (isReference(value) || value.includes('{{')) return false;
  if (block === 'stringData') return value.length >= 6 && !/^(?:true|false|null|~)$/i.test(value);
  return /^[A-Za-z0-9+/]{10,4000}={0,3}$/.test(value) && !/^(.)\1{5,4000}=*$/.test(value);
}
