// Values as text in the layout of the file that they are put into.
import { stringify } from 'yaml';

/** How a file is laid out. */
export interface Layout {
  readonly json: boolean;
  /** Spaces of one step. */
  readonly step: number;
  /** Whether items of a list stand further right than the key of the list. */
  readonly indentSeq: boolean;
  readonly eol: string;
}

/** Inside `{}` and `[]`, on one line. */
export function renderFlow(value: unknown, layout: Layout): string {
  if (layout.json) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => renderFlow(item, layout)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([key, member]) => `${renderKey(key, layout, true)}: ${renderFlow(member, layout)}`,
    );
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  }
  return renderScalar(value, true);
}

/** Inside `{}` of a JSON file that is written over several lines. @param indent of the line that the value begins on */
export function renderJson(value: unknown, indent: number, layout: Layout): string {
  const text = JSON.stringify(value, null, layout.step);
  return text.replaceAll('\n', `${layout.eol}${' '.repeat(indent)}`);
}

/** A key, quoted where it must be. */
export function renderKey(key: string, layout: Layout, flow: boolean): string {
  return layout.json ? JSON.stringify(key) : renderScalar(key, flow);
}

/** True for what needs lines of its own in block style. */
export function isBlock(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/**
 * A value in block style. @param indent column (from 0) of its lines
 * @returns its lines, joined and indented, without a line break at either end
 */
export function renderBlock(value: unknown, indent: number, layout: Layout): string {
  const text = stringify(value, {
    indent: layout.step,
    indentSeq: layout.indentSeq,
    lineWidth: 0,
    version: '1.1',
    aliasDuplicateObjects: false,
  });
  const lines = text.replace(/\n$/, '').split('\n');
  return lines.map((line) => (line === '' ? line : ' '.repeat(indent) + line)).join(layout.eol);
}

/** One line. A text with line breaks stands in double quotes. */
export function renderScalar(value: unknown, flow: boolean): string {
  if (typeof value === 'string' && /[\n\r]/.test(value)) return JSON.stringify(value);
  // Inside a list of one, so that what only matters in flow style is quoted too. YAML 1.1 quotes `yes` and `on`.
  const text = stringify(flow ? [value] : value, { lineWidth: 0, version: '1.1', collectionStyle: flow ? 'flow' : 'any' }).trim();
  return flow ? text.replace(/^\[\s*/, '').replace(/\s*\]$/, '') : text;
}
