// Reading XML 1.0 documents of a size that fits in memory: elements, attributes, text, positions. No DTD, no entities but the five of XML itself: a document that
// declares its own is refused, so that nothing is fetched and nothing grows.
import { LineTable } from './lines.ts';
import type { SyntaxMistake } from './mistake.ts';

export interface XmlElement {
  /** Without a prefix. */
  readonly name: string;
  /** By name without a prefix; namespace declarations are left out. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Its own text, children's left out, without spaces around it. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

export interface XmlRead {
  readonly root?: XmlElement;
  readonly mistake?: SyntaxMistake;
}

interface Open {
  readonly raw: string;
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: XmlElement[];
  readonly text: string[];
  readonly line: number;
}

const DEPTH_MAX = 200;
const NAME = /[A-Za-z_:\u0080-\uffff][-.\w:\u0080-\uffff]*/y;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

class XmlMistake extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/** Reads one document. Never throws for what it says. @param file name for positions */
export function readXml(file: string, text: string, bytesMax = 64 * 1024 * 1024): XmlRead {
  const lines = new LineTable(text);
  const refuse = (message: string, at: number): XmlRead => {
    const { line, column } = lines.at(at);
    return { mistake: { code: 'syntax.xml', severity: 'error', message, location: { file, line, column } } };
  };
  if (text.length > bytesMax) return refuse('the file is larger than what is read', 0);
  try {
    return { root: new Reader(text, lines).document() };
  } catch (error) {
    if (error instanceof XmlMistake) return refuse(error.message, error.at);
    throw error;
  }
}

/** The first child of this name. */
export function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((each) => each.name === name);
}

/** All children of this name. */
export function children(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((each) => each.name === name) ?? [];
}

/** Text of the first child of this name; '' when there is none. */
export function childText(element: XmlElement | undefined, name: string): string {
  return child(element, name)?.text ?? '';
}

class Reader {
  readonly #text: string;
  readonly #lines: LineTable;
  readonly #open: Open[] = [];
  #root: XmlElement | undefined;
  #at = 0;

  constructor(text: string, lines: LineTable) {
    this.#text = text;
    this.#lines = lines;
  }

  document(): XmlElement {
    const text = this.#text;
    while (this.#at < text.length) {
      const next = text.indexOf('<', this.#at);
      this.#characters(next === -1 ? text.length : next);
      if (next === -1) break;
      this.#at = next;
      this.#markup();
    }
    const open = this.#open.at(-1);
    if (open) this.#fail(`\`<${open.raw.slice(0, 100)}>\` of line ${open.line} is not closed`);
    if (!this.#root) this.#fail('there is no element');
    return this.#root!;
  }

  #fail(message: string, at = this.#at): never {
    throw new XmlMistake(message, at);
  }

  #characters(end: number): void {
    const raw = this.#text.slice(this.#at, end);
    const open = this.#open.at(-1);
    if (open) {
      if (/\S/.test(raw)) open.text.push(this.#decode(raw));
    } else if (/[^\s\ufeff]/.test(raw)) this.#fail("text stands outside of the document's element");
    this.#at = end;
  }

  #markup(): void {
    const text = this.#text;
    if (text.startsWith('<!--', this.#at)) this.#skip('-->', 4);
    else if (text.startsWith('<![CDATA[', this.#at)) {
      const start = this.#at + 9;
      this.#skip(']]>', 9);
      this.#open.at(-1)?.text.push(text.slice(start, this.#at - 3));
    } else if (text.startsWith('<?', this.#at)) this.#skip('?>', 2);
    else if (text.startsWith('<!', this.#at)) this.#doctype();
    else if (text[this.#at + 1] === '/') this.#endTag();
    else this.#startTag();
  }

  #skip(end: string, from: number): void {
    const at = this.#text.indexOf(end, this.#at + from);
    if (at === -1) this.#fail(`there is no \`${end}\``);
    this.#at = at + end.length;
  }

  #doctype(): void {
    const end = this.#text.indexOf('>', this.#at);
    const bracket = this.#text.indexOf('[', this.#at);
    if (end === -1) this.#fail('the declaration does not end');
    if (bracket !== -1 && bracket < end) this.#fail('documents that declare entities are not read');
    this.#at = end + 1;
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const match = NAME.exec(this.#text);
    if (!match) this.#fail('a name is expected here');
    this.#at = NAME.lastIndex;
    return match![0];
  }

  #space(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++;
  }

  #startTag(): void {
    const start = this.#at++;
    const raw = this.#name();
    const attributes: Record<string, string> = Object.create(null);
    for (;;) {
      this.#space();
      const code = this.#text[this.#at];
      if (code === '>' || code === '/') break;
      const name = this.#name();
      this.#space();
      if (this.#text[this.#at] !== '=') this.#fail('a `=` is expected here');
      this.#at++;
      this.#space();
      const quote = this.#text[this.#at];
      if (quote !== '"' && quote !== "'") this.#fail('a value in quotes is expected here');
      const end = this.#text.indexOf(quote!, this.#at + 1);
      if (end === -1) this.#fail('the quotes are not closed');
      const value = this.#text.slice(this.#at + 1, end);
      if (name !== 'xmlns' && !name.startsWith('xmlns:')) attributes[local(name)] = this.#decode(value);
      this.#at = end + 1;
    }
    const line = this.#lines.at(start).line;
    const open: Open = { raw, name: local(raw), attributes, children: [], text: [], line };
    const selfClosing = this.#text[this.#at] === '/';
    if (selfClosing) this.#at++;
    if (this.#text[this.#at] !== '>') this.#fail('a `>` is expected here');
    this.#at++;
    if (this.#root && this.#open.length === 0) this.#fail('a document has one element that holds the others', start);
    if (this.#open.length >= DEPTH_MAX) this.#fail('elements are nested too deeply', start);
    this.#open.push(open);
    if (selfClosing) this.#close();
  }

  #endTag(): void {
    const start = this.#at;
    this.#at += 2;
    const name = this.#name();
    this.#space();
    if (this.#text[this.#at] !== '>') this.#fail('a `>` is expected here');
    this.#at++;
    if (this.#open.at(-1)?.raw !== name) this.#fail(`\`</${name.slice(0, 100)}>\` closes nothing that is open`, start);
    this.#close();
  }

  #close(): void {
    const { name, attributes, children, text, line } = this.#open.pop()!;
    const element: XmlElement = { name, attributes, children, text: text.join('').trim(), line };
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(element);
    else this.#root = element;
  }

  #decode(raw: string): string {
    if (!raw.includes('&')) return raw;
    return raw.replace(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{0,30});/g, (whole, name: string) => {
      if (!name.startsWith('#')) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name]! : whole;
      const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    });
  }
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}
