// Path templates: `{*}` is one non-empty segment, `{**}` any number of characters, `/` included (Envoy's uri_template matcher).

/** Characters a glob may stand for: RFC 3986 pchar without quotes and brackets, as Envoy has it. */
const GLOB = "a-zA-Z0-9\\-._~%!$&'()*+,;:@=";
const LITERAL = new RegExp(`^[${GLOB}]+$`);

export type PathTemplate =
  | { readonly ok: true; readonly test: (path: string) => boolean; readonly prefix: string }
  | { readonly ok: false; readonly reason: string };

/** Whether Istio reads a `paths` value as a template rather than as a string rule. */
export function isPathTemplate(value: string): boolean {
  return value.includes('{*}') || value.includes('{**}');
}

type Segment = { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'one' } | { readonly kind: 'many' };

/**
 * Compiles a template. Operators fill a whole segment; `{**}` must be the last operator, literals may follow it.
 * @returns the test and the literal text that every matching path starts with
 */
export function compilePathTemplate(template: string): PathTemplate {
  if (!template.startsWith('/')) return { ok: false, reason: 'a path template must start with `/`' };
  const segments: Segment[] = [];
  const parts = template.slice(1).split('/');
  let many = false;
  for (const [index, part] of parts.entries()) {
    if (part === '{*}' || part === '{**}') {
      if (many) return { ok: false, reason: '`{**}` must be the last operator of a path template' };
      many = part === '{**}';
      segments.push({ kind: many ? 'many' : 'one' });
    } else if (part === '' ? index !== parts.length - 1 : !LITERAL.test(part) || part.includes('*')) {
      return {
        ok: false,
        reason: `\`${part}\` cannot stand in a path template; only whole segments \`{*}\` and \`{**}\` are operators`,
      };
    } else segments.push({ kind: 'literal', text: part });
  }
  const firstOperator = segments.findIndex((segment) => segment.kind !== 'literal');
  const prefix = `/${parts
    .slice(0, firstOperator)
    .map((part) => `${part}/`)
    .join('')}`;
  return { ok: true, prefix, test: matcher(segments) };
}

const IS_GLOB: Readonly<Uint8Array> = Uint8Array.from({ length: 128 }, (_, code) =>
  LITERAL.test(String.fromCharCode(code)) ? 1 : 0,
);

function isGlob(path: string, start: number, end: number, slashes: boolean): boolean {
  for (let i = start; i < end; i++) {
    const code = path.charCodeAt(i);
    if (!(code === 0x2f ? slashes : IS_GLOB[code] === 1)) return false;
  }
  return true;
}

/** Segments before `{**}` are walked from the left, those behind it are one literal tail: no backtracking, linear time. */
function matcher(segments: readonly Segment[]): (path: string) => boolean {
  const manyAt = segments.findIndex((segment) => segment.kind === 'many');
  const head = manyAt < 0 ? segments : segments.slice(0, manyAt);
  const tail =
    manyAt < 0
      ? ''
      : segments
          .slice(manyAt + 1)
          .map((segment) => `/${segment.kind === 'literal' ? segment.text : ''}`)
          .join('');
  return (path) => {
    let at = 0;
    for (const segment of head) {
      if (path[at] !== '/') return false;
      const start = at + 1;
      const next = path.indexOf('/', start);
      at = next < 0 ? path.length : next;
      if (segment.kind === 'one' ? at === start || !isGlob(path, start, at, false) : path.slice(start, at) !== literal(segment))
        return false;
    }
    if (manyAt < 0) return at === path.length;
    if (path[at] !== '/' || !path.endsWith(tail)) return false;
    const start = at + 1;
    const end = path.length - tail.length;
    return end >= start && isGlob(path, start, end, true);
  };
}

function literal(segment: Segment): string {
  return segment.kind === 'literal' ? segment.text : '';
}
