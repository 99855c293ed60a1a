// Positioned reading of YAML and JSON, bounded in everything, over js-yaml's events.
import { EVENT_ID, YAMLException, parseEvents } from 'js-yaml';
import type { Event } from 'js-yaml';
import { AliasBomb, Construction } from './construct.ts';
import type { AliasBudget, Flaw } from './construct.ts';
import { jsonStart } from './fast-json.ts';
import { REFUSED, readFast } from './fast.ts';
import { JsonLocator } from './json-locate.ts';
import { isDeficient, parseDeficient } from './flow.ts';
import { LineTable } from './lines.ts';
import { Locator } from './locate.ts';
import { DEFAULT_YAML_LIMITS } from './mistake.ts';
import type { Position, SyntaxMistake, YamlLimits } from './mistake.ts';
import { splitDocuments, splitJson } from './split.ts';
import type { Piece } from './split.ts';
import { decodeText } from './text.ts';

/** One document that could be read. Documents that are empty are not listed. */
export interface YamlDocument {
  /** Frozen plain data; its objects have no prototype members, so every key is safe. */
  readonly value: unknown;
  /** Where a part is written: the key for a member, the item for a list item, the nearest written ancestor for what is not there. */
  readonly file?: string;
  locate(path: readonly (string | number)[]): Position;
}

export interface YamlRead {
  readonly documents: readonly YamlDocument[];
  readonly mistakes: readonly SyntaxMistake[];
}

/**
 * Reads every document of a YAML or JSON text as the Kubernetes tools mean it (YAML 1.1 booleans, keys as text).
 * A document with a mistake is left out and told; the others are read on. Never throws, whatever the bytes are.
 * @param file name for positions, not opened here
 * @param input text, or bytes in UTF-8 or marked UTF-16
 */
export function readYaml(file: string, input: string | Uint8Array, limits: Partial<YamlLimits> = {}): YamlRead {
  const documents: YamlDocument[] = [];
  return { documents, mistakes: eachYamlDocument(file, input, (document) => documents.push(document), limits) };
}

/**
 * The same, handing over one document after the other. `locate` costs least inside the call; afterwards it parses its document again,
 * so that what many documents leave behind is their values only.
 * @returns the mistakes
 */
export function eachYamlDocument(
  file: string,
  input: string | Uint8Array,
  take: (document: YamlDocument) => void,
  limits: Partial<YamlLimits> = {},
): readonly SyntaxMistake[] {
  const bounds = { ...DEFAULT_YAML_LIMITS, ...limits };
  const decoded = decodeText(file, input, bounds);
  return 'mistake' in decoded ? [decoded.mistake] : new Reader(file, decoded.text, bounds, take).read();
}

class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #limits: YamlLimits;
  readonly #lines: LineTable;
  readonly #take: (document: YamlDocument) => void;
  readonly #budget: AliasBudget;
  readonly #mistakes: SyntaxMistake[] = [];

  constructor(file: string, text: string, limits: YamlLimits, take: (document: YamlDocument) => void) {
    this.#file = file;
    this.#text = text;
    this.#limits = limits;
    this.#take = take;
    this.#budget = { left: limits.aliasCostMax + 2 * text.length };
    this.#lines = new LineTable(text);
  }

  read(): readonly SyntaxMistake[] {
    const { documentsMax, mistakesMax } = this.#limits;
    const pieces = splitDocuments(this.#text, documentsMax);
    for (const piece of pieces) {
      this.#piece(piece);
      if (this.#mistakes.length >= mistakesMax) {
        this.#tell('syntax.too-many', `more than ${mistakesMax} mistakes: the rest of the file is not read`, piece.end);
        break;
      }
    }
    const end = pieces.at(-1)?.end ?? this.#text.length;
    if (end < this.#text.length)
      this.#tell('syntax.too-many', `more than ${documentsMax} documents: the rest of the file is not read`, end);
    return this.#mistakes;
  }

  #piece(piece: Piece): void {
    const source = piece.start === 0 && piece.end === this.#text.length ? this.#text : this.#text.slice(piece.start, piece.end);
    const value = readFast(source, this.#limits.depthMax);
    if (value !== REFUSED) {
      if (value !== null) this.#document(value, undefined, source, -1, (offset) => piece.start + offset);
      return;
    }
    let events: Event[];
    try {
      events = this.#parse(source);
    } catch (error) {
      const loose = isDeficient(error) ? parseDeficient(source, error, (text) => this.#parse(text)) : undefined;
      if (loose) {
        this.#construct(loose.events, loose.source, (offset) => piece.start + loose.original(offset));
        return;
      }
      const values = splitJson(this.#text, piece, this.#limits.documentsMax);
      if (values.length > 1) for (const value of values) this.#piece(value);
      else this.#parserMistake(error, source, piece.start);
      return;
    }
    this.#construct(events, source, (offset) => piece.start + offset);
  }

  #parse(source: string): Event[] {
    return parseEvents(source, { maxDepth: this.#limits.depthMax });
  }

  /** @param place offset in the file of an offset in `source` */
  #construct(events: readonly Event[], source: string, place: (offset: number) => number): void {
    const construction = new Construction(events, source, this.#limits, this.#budget);
    for (let at = 0; at < events.length;) {
      if (events[at]!.type !== EVENT_ID.DOCUMENT) {
        at++;
        continue;
      }
      const root = at;
      const told = construction.flaws.length;
      try {
        const { value, next } = construction.document(root);
        at = next;
        const flaws = construction.flaws.slice(told);
        if (flaws.length > 0) this.#flaws(flaws, new Locator(events, source, root), place, isTemplate(source));
        if (value !== null && !flaws.some((flaw) => flaw.severity === 'error'))
          this.#document(value, events, source, root, place);
      } catch (error) {
        if (!(error instanceof AliasBomb)) throw error;
        const offset = new Locator(events, source, root).eventOffset(error.event);
        const message = 'aliases make this document far larger or deeper than it is written';
        this.#tell('syntax.alias-bomb', message, place(offset), 'write the repeated parts out, or repeat them less');
        return;
      }
    }
  }

  /** @param events of the whole source, with the index of the document's first; without them they are made when a place is asked for */
  #document(
    value: unknown,
    events: readonly Event[] | undefined,
    source: string,
    root: number,
    place: (offset: number) => number,
  ): void {
    let locator: Pick<Locator, 'offset'> | undefined = events && new Locator(events, source, root);
    // Asked for most, and known while the events are there.
    const top = locator?.offset([]);
    this.#take({
      value,
      file: this.#file,
      locate: (path) => {
        if (top !== undefined && path.length === 0) return this.#position(place(top));
        locator ??= this.#locator(source, root);
        return this.#position(place(locator.offset(path)));
      },
    });
    locator = undefined;
  }

  #locator(source: string, root: number): Pick<Locator, 'offset'> {
    // Without events the fast readers have read it.
    if (root === -1 && jsonStart(source) !== -1) return new JsonLocator(source);
    const events = this.#parse(source);
    return new Locator(events, source, root === -1 ? events.findIndex((event) => event.type === EVENT_ID.DOCUMENT) : root);
  }

  #flaws(flaws: readonly Flaw[], locator: Locator, place: (offset: number) => number, template: boolean): void {
    for (const { event, code, severity, message, help } of flaws) {
      if (this.#mistakes.length >= this.#limits.mistakesMax) return;
      this.#tell(code, message, place(locator.eventOffset(event)), template ? TEMPLATE_HELP : help, severity);
    }
  }

  #parserMistake(error: unknown, source: string, base: number): void {
    // Only the reason is passed on: the parser's full message quotes the text, which may be a secret.
    const known = error instanceof YAMLException;
    const offset = known ? (error.mark?.position ?? 0) : 0;
    let reason = known ? ownWords(error.reason) : 'this cannot be read as YAML';
    if (isDeficient(error))
      reason = `a \`[\`, a \`{\` or a quoted text ${source.slice(offset).trim() === '' ? 'is never closed' : 'goes on in a line that is not indented'}`;
    const help = isTemplate(source) ? TEMPLATE_HELP : HELP.find(([word]) => reason.includes(word))?.[1];
    this.#tell('syntax.yaml', reason, base + offset, help);
  }

  #tell(code: string, message: string, offset: number, help?: string, severity: 'error' | 'warning' = 'error'): void {
    this.#mistakes.push({ code, severity, message, location: this.#position(offset), ...(help === undefined ? {} : { help }) });
  }

  #position(offset: number): Position {
    const { line, column } = this.#lines.at(offset);
    return { file: this.#file, line, column };
  }
}

const TEMPLATE_HELP = 'this looks like a template: give its output, as from `helm template`';

function isTemplate(source: string): boolean {
  return /\{\{[^{}\n]{0,200}\}\}/.test(source.slice(0, 1_000_000));
}

const HELP: readonly (readonly [string, string])[] = [
  ['tab characters', 'indent with spaces'],
  ['a tag', 'a value that begins with `*`, `&` or `!` must stand in quotes'],
  ['anchor node', 'a value that begins with `*`, `&` or `!` must stand in quotes'],
  ['alias node', 'a value that begins with `*`, `&` or `!` must stand in quotes'],
  ['maxDepth', 'lists and mappings are nested too deeply'],
  ['bad indentation of a mapping', 'members of one mapping start in the same column; quote values that hold `: `'],
  ['bad indentation of a sequence', 'items of one list start in the same column'],
  ['multiline key', 'a `:` is missing, or the line above is not finished'],
  ['flow collection', 'close the `[` or `{`, and put commas between the entries'],
  ['never closed', 'close it, or put quotes around a value that begins with `[` or `{`'],
  ['goes on', 'indent the lines up to its end further than the member it belongs to'],
  ['unexpected end of the stream', 'close the quotes'],
  ['end of the stream', 'separate documents with a line `---`'],
];

/** The parser repeats the user's text in these; it may be a password that was meant as a value. */
function ownWords(reason: string): string {
  if (reason.startsWith('tag name cannot contain')) return 'a tag holds characters that it cannot';
  if (reason.startsWith('undeclared tag handle')) return 'a tag uses a handle that no %TAG line declares';
  if (reason.startsWith('there is a previously declared')) return 'a %TAG line declares a handle twice';
  return reason.slice(0, 1).toLowerCase() + reason.slice(1);
}
