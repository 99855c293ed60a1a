// Values that are put together from several texts, with the place where each part was written.
import type { Location, OriginSource, Path } from '#model/origin.ts';
import { isObject } from './check.ts';

/** Mutable plain data. */
export type Tree = { [name: string]: unknown };

/** Where a part was written: a path inside a source, kept as a chain so that marking a part costs one small object. */
export interface Mark {
  readonly source: OriginSource;
  readonly parent?: Mark;
  readonly key?: string | number;
}

export function rootMark(source: OriginSource): Mark {
  return { source };
}

export function childMark(parent: Mark, key: string | number): Mark {
  return { source: parent.source, parent, key };
}

/** Where it was written, for people. */
export function locateMark(mark: Mark): Location {
  return mark.source.locate(pathOf(mark));
}

function placeOrNone(mark: Mark | undefined): Location {
  return mark ? locateMark(mark) : { file: '', line: 1, column: 1 };
}

function pathOf(mark: Mark): Path {
  const path: (string | number)[] = [];
  for (let at: Mark | undefined = mark; at !== undefined; at = at.parent) if (at.key !== undefined) path.push(at.key);
  return path.toReversed();
}

/** Remembers the places of parts beside the values, which stay plain data. */
export class Trace {
  readonly #own = new WeakMap<object, Mark>();
  readonly #members = new WeakMap<object, Map<string | number, Mark>>();

  /**
   * A mutable copy of parsed data, every part of it marked.
   * @param scalar what becomes of each text, number, boolean and null
   */
  copy(value: unknown, mark: Mark, scalar: (value: unknown, mark: Mark) => unknown = (each) => each): unknown {
    if (Array.isArray(value)) {
      const items = value.map((item, i) => this.copy(item, childMark(mark, i), scalar));
      this.#own.set(items, mark);
      return items;
    }
    if (!isObject(value)) return scalar(value, mark);
    const result: Tree = {};
    for (const name in value) if (name !== '__proto__') result[name] = this.copy(value[name], childMark(mark, name), scalar);
    this.#own.set(result, mark);
    return result;
  }

  /** Puts a value into a mapping or list. Without a mark the value's own place speaks, else its container's. */
  set(container: object, key: string | number, value: unknown, mark?: Mark): void {
    if (key === '__proto__') return;
    (container as Tree)[key] = value;
    this.mark(container, key, mark ?? (typeof value === 'object' && value !== null ? this.#own.get(value) : undefined));
  }

  /** Says where a member was written; undefined forgets it. */
  mark(container: object, key: string | number, mark: Mark | undefined): void {
    const present = this.#members.get(container);
    if (mark === undefined) present?.delete(key);
    else if (present) present.set(key, mark);
    else this.#members.set(container, new Map([[key, mark]]));
  }

  /** Gives a value a place of its own. */
  place(value: object, mark: Mark): void {
    this.#own.set(value, mark);
  }

  placeOf(value: object): Mark | undefined {
    return this.#own.get(value);
  }

  /** Where a member was written; undefined when neither it nor its container is known. */
  markOf(container: object, key: string | number): Mark | undefined {
    const said = this.#members.get(container)?.get(key);
    if (said) return said;
    const member = (container as Tree)[key];
    const own = typeof member === 'object' && member !== null ? this.#own.get(member) : undefined;
    if (own) return own;
    const parent = this.#own.get(container);
    return parent && childMark(parent, key);
  }

  /** Answers for the parts of a value: the nearest known ancestor when a part was not written itself. */
  origin(root: object): OriginSource {
    const own = this.#own;
    return {
      get file() {
        return own.get(root)?.source.file ?? placeOrNone(own.get(root)).file;
      },
      locate: (path) => {
        let node: unknown = root;
        let mark = own.get(root);
        for (const key of path) {
          if (typeof node !== 'object' || node === null || !Object.hasOwn(node, key)) break;
          mark = this.markOf(node, key) ?? mark;
          node = (node as Tree)[key];
        }
        return placeOrNone(mark);
      },
    };
  }
}
