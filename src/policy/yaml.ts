// Writes policies and rules as YAML that can be pasted: block style, short lists of strings in brackets.

const PLAIN = /^[A-Za-z/][\w./@-]*(?::[\w./@-]+)*$/;
/** Words a YAML 1.1 reader takes for something else than text. */
const NOT_TEXT = /^(?:y|n|yes|no|true|false|on|off|null)$/i;
const LINE_MAX = 100;

/**
 * @param value plain data: objects, arrays, strings, numbers, booleans; `undefined` members are left out
 * @returns YAML with two spaces a level and a final newline
 */
export function toYaml(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}

function lines(value: unknown): string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return ['[]'];
    return value.flatMap((item) => lines(item).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`)));
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return members.length === 0 ? ['{}'] : members.flatMap(([key, member]) => memberLines(scalar(key), member));
  }
  return [scalar(value)];
}

function memberLines(key: string, member: unknown): string[] {
  if (typeof member !== 'object' || member === null) return [`${key}: ${scalar(member)}`];
  const flow = flowList(member);
  if (flow !== undefined && key.length + flow.length < LINE_MAX) return [`${key}: ${flow}`];
  const nested = lines(member);
  if (nested.length === 1 && (nested[0] === '{}' || nested[0] === '[]')) return [`${key}: ${nested[0]}`];
  return [`${key}:`, ...nested.map((line) => `  ${line}`)];
}

function flowList(value: unknown): string | undefined {
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) return undefined;
  return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return PLAIN.test(value) && !NOT_TEXT.test(value) ? value : JSON.stringify(value);
}
