import { EVENT_ID, SCALAR_STYLE, getScalarValue } from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';
import { keyText, resolvePlain } from './scalar.ts';
import type { YamlLimits } from './mistake.ts';

/** Something wrong at an event of one document; the face turns it into a SyntaxMistake with its place. */
export interface Flaw {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly event: number;
  readonly help?: string;
}

// Objects whose prototype is empty: `__proto__` and `constructor` are members like any other, and V8 keeps them fast, which it does
// not do for Object.create(null).
export const Bare = function () {} as unknown as new () => Record<string, unknown>;
Bare.prototype = Object.freeze(Object.create(null));

interface Anchor {
  readonly value: unknown;
  readonly cost: number;
  /** Collections nested in it, itself included. */
  readonly height: number;
  readonly open: boolean;
}

// What stands after `*` and `!` is not repeated in messages: it may be a password that was meant as a value.
const IN_QUOTES = 'a value that begins with `*`, `&` or `!` must stand in quotes';

/** What aliases of one file may still stand for, in characters. */
export interface AliasBudget {
  left: number;
}

const MERGE = Symbol('<<');
const NODE_COST = 8;

/**
 * Builds the frozen values of parsed documents. Aliases share one value; what they would cost if written out is counted and bounded,
 * so that whoever walks the value later walks a bounded tree.
 */
export class Construction {
  readonly flaws: Flaw[] = [];
  readonly #events: readonly Event[];
  readonly #source: string;
  readonly #limits: YamlLimits;
  #at = 0;
  #anchors = new Map<string, Anchor>();
  #cost = 0;
  #depth = 0;
  /** Height of the node that was read last. */
  #height = 0;
  readonly #budget: AliasBudget;

  constructor(events: readonly Event[], source: string, limits: YamlLimits, budget: AliasBudget) {
    this.#events = events;
    this.#source = source;
    this.#limits = limits;
    this.#budget = budget;
  }

  /**
   * Reads one document.
   * @param from index of its DOCUMENT event
   * @returns its value and the index after its POP event
   */
  document(from: number): { readonly value: unknown; readonly next: number } {
    this.#at = from + 1;
    this.#anchors = new Map();
    const value = this.#node();
    return { value, next: this.#at + 1 };
  }

  #node(): unknown {
    const event = this.#events[this.#at] as Event;
    switch (event.type) {
      case EVENT_ID.SCALAR: {
        const value = this.#scalar(event);
        if (event.anchorStart !== -1) this.#anchor(event, { value, cost: this.#scalarCost(event), height: 0, open: false });
        this.#height = 0;
        this.#at++;
        return value;
      }
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE: {
        const before = this.#cost;
        const anchored = event.anchorStart !== -1;
        if (anchored) this.#anchor(event, { value: null, cost: 0, height: 0, open: true });
        this.#depth++;
        const value = event.type === EVENT_ID.MAPPING ? this.#mapping() : this.#sequence();
        this.#depth--;
        if (anchored) this.#anchor(event, { value, cost: this.#cost - before, height: this.#height, open: false });
        return value;
      }
      case EVENT_ID.ALIAS:
        return this.#alias(event.anchorStart, event.anchorEnd);
      default:
        this.#at++;
        return null;
    }
  }

  #sequence(): readonly unknown[] {
    const items: unknown[] = [];
    this.#cost += NODE_COST;
    this.#at++;
    let height = 0;
    while (this.#events[this.#at]!.type !== EVENT_ID.POP) {
      items.push(this.#node());
      if (this.#height > height) height = this.#height;
    }
    this.#height = height + 1;
    this.#at++;
    return Object.freeze(items);
  }

  #mapping(): Readonly<Record<string, unknown>> {
    const members = new Bare();
    let merges: { readonly value: unknown; readonly event: number }[] | undefined;
    this.#cost += NODE_COST;
    let height = 0;
    this.#at++;
    while (this.#events[this.#at]!.type !== EVENT_ID.POP) {
      const keyAt = this.#at;
      const key = this.#key();
      const value = this.#node();
      if (this.#height > height) height = this.#height;
      if (key === MERGE) (merges ??= []).push({ value, event: keyAt });
      else if (key !== undefined) {
        if (key in members)
          this.#flaw('syntax.duplicate-key', `the key \`${shorten(key)}\` is written twice`, keyAt, 'keep one of them');
        else members[key] = value;
      }
    }
    this.#height = height + 1;
    this.#at++;
    if (merges) for (const { value, event } of merges) this.#merge(members, value, event);
    return Object.freeze(members);
  }

  #key(): string | typeof MERGE | undefined {
    const event = this.#events[this.#at] as Event;
    const at = this.#at;
    if (event.type === EVENT_ID.SCALAR && event.fast && event.style === SCALAR_STYLE.PLAIN && event.tagStart === -1) {
      if (event.valueEnd - event.valueStart === 2 && this.#source.startsWith('<<', event.valueStart)) {
        this.#at++;
        return MERGE;
      }
    }
    const value = this.#node();
    const text = typeof value === 'object' && value !== null ? undefined : keyText(value as string | number | boolean | null);
    if (text === undefined) this.#flaw('syntax.key', 'a key must be a text', at, 'write it in quotes');
    return text;
  }

  /** Members that are written win over merged ones, and earlier merges over later ones (YAML 1.1 merge type). */
  #merge(members: Record<string, unknown>, source: unknown, event: number): void {
    const sources: readonly unknown[] = Array.isArray(source) ? source : [source];
    for (const each of sources) {
      if (typeof each !== 'object' || each === null || Array.isArray(each)) {
        this.#flaw('syntax.merge', '`<<` takes a mapping or a list of mappings', event);
        return;
      }
      for (const [key, value] of Object.entries(each)) if (!(key in members)) members[key] = value;
    }
  }

  #alias(start: number, end: number): unknown {
    const name = this.#source.slice(start, end);
    const at = this.#at++;
    this.#height = 0;
    const anchor = this.#anchors.get(name);
    if (anchor === undefined) this.#flaw('syntax.alias', 'this alias has no anchor before it', at, IN_QUOTES);
    else if (anchor.open) this.#flaw('syntax.alias', 'this alias stands inside what it names', at);
    else {
      this.#cost += anchor.cost;
      this.#budget.left -= anchor.cost;
      this.#height = anchor.height;
      if (this.#budget.left < 0 || this.#depth + anchor.height > this.#limits.depthMax) throw new AliasBomb(at);
      return anchor.value;
    }
    return null;
  }

  #anchor(event: { readonly anchorStart: number; readonly anchorEnd: number }, anchor: Anchor): void {
    this.#anchors.set(this.#source.slice(event.anchorStart, event.anchorEnd), anchor);
  }

  #scalarCost(event: ScalarEvent): number {
    return NODE_COST + event.valueEnd - event.valueStart;
  }

  #scalar(event: ScalarEvent): string | number | boolean | null {
    this.#cost += this.#scalarCost(event);
    const text = getScalarValue(this.#source, event);
    if (event.tagStart !== -1) return this.#tagged(event, text);
    if (event.style !== SCALAR_STYLE.PLAIN) return text;
    const value = resolvePlain(text);
    return typeof value === 'number' && Number.isNaN(value) ? this.#noNumber(text) : value;
  }

  #tagged(event: ScalarEvent, text: string): string | number | boolean | null {
    const tag = this.#source.slice(event.tagStart, event.tagEnd);
    const name = tag.startsWith('!<tag:yaml.org,2002:') ? `!!${tag.slice(20, -1)}` : tag;
    if (name === '!' || name === '!!str' || name === '!!timestamp') return text;
    if (name === '!!null') return null;
    const value = resolvePlain(text);
    if ((name === '!!int' || name === '!!float') && typeof value === 'number' && !Number.isNaN(value)) return value;
    if (name === '!!bool' && typeof value === 'boolean') return value;
    if (['!!int', '!!float', '!!bool', '!!binary'].includes(name)) {
      this.#flaw('syntax.tag', `the value does not fit its tag \`${name}\``, this.#at);
    } else {
      this.flaws.push({
        code: 'syntax.tag',
        severity: 'warning',
        message: 'a tag of this name has no meaning here',
        event: this.#at,
        help: IN_QUOTES,
      });
    }
    return text;
  }

  #noNumber(text: string): string {
    this.#flaw(
      'syntax.number',
      `\`${text}\` is a number that JSON cannot hold`,
      this.#at,
      'write it in quotes if a text is meant',
    );
    return text;
  }

  #flaw(code: string, message: string, event: number, help?: string): void {
    if (this.flaws.length > this.#limits.mistakesMax) return;
    this.flaws.push({ code, severity: 'error', message, event, ...(help === undefined ? {} : { help }) });
  }
}

/** Thrown inside this layer only: going on would cost what the bomb wants. */
export class AliasBomb extends Error {
  readonly event: number;
  constructor(event: number) {
    super('aliases stand for too much, or too deep');
    this.event = event;
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
