// Workloads of one file that are equal but for a number in their names: some hundreds of them say what all of them say.
import type { NotAnalysed } from '#model/coverage.ts';
import type { OriginSource } from '#model/origin.ts';
import { isObject } from '../check.ts';
import type { RawObject } from '../check.ts';

/** An object that is not looked at because enough of its like are. */
interface Aside {
  readonly name: string;
  readonly origin: OriginSource;
}

interface Like {
  readonly file: string;
  readonly raw: RawObject;
  readonly name: string;
  count: number;
  aside: Aside[];
}

/** What another document speaks of after all. */
export interface Named {
  readonly file: string;
  readonly raw: unknown;
  readonly origin: OriginSource;
}

const WORKLOADS = new Set([
  'Pod',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
  'CronJob',
]);
/** A name that is told from others by a number. Without dots, so that it is one word wherever it is mentioned. */
const NUMBERED = /^[^.]{0,63}\d[^.]{0,63}$/;
/** Classes of one file whose names have the same words; what is in none of them is read. */
const CLASSES_MAX = 4;

/**
 * Keeps the first `max` of each class of a file. Two workloads are of one class when they have one kind and one namespace, when they are
 * equal once the own name is taken out of them, and when their names differ in digits alone: rules that go by a word of a name
 * (`orders-db-7`) then say the same of both.
 */
export class Alike {
  readonly #max: number;
  readonly #told: Like[] = [];
  #file = '';
  #early: RawObject[] = [];
  #compared = false;
  #classes = new Map<string, Like[]>();
  #ids = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Begins with another file. */
  enter(file: string): void {
    this.#file = file;
    this.#early = [];
    this.#compared = false;
    this.#classes = new Map();
    this.#ids = new Set();
  }

  /** Whether a document can be left alone. Nothing is compared before a file has more than `max` workloads. */
  takes(raw: unknown, origin: OriginSource): boolean {
    if (!isObject(raw) || typeof raw['kind'] !== 'string' || !WORKLOADS.has(raw['kind'])) return false;
    if (this.#early.length < this.#max) {
      this.#early.push(raw);
      return false;
    }
    if (!this.#compared) for (const each of this.#early) this.#likeOf(each);
    this.#compared = true;
    const found = this.#likeOf(raw);
    if (!found || found.like.count <= this.#max) return false;
    if (found.like.aside.length === 0) this.#told.push(found.like);
    found.like.aside.push({ name: found.name, origin });
    return true;
  }

  /** The class of an object that is the first of its name; undefined for others. */
  #likeOf(raw: RawObject): { readonly like: Like; readonly name: string } | undefined {
    const meta = raw['metadata'];
    const name = isObject(meta) ? meta['name'] : undefined;
    if (!isObject(meta) || typeof name !== 'string' || !NUMBERED.test(name)) return undefined;
    const place = `${String(raw['kind'])} ${String(meta['namespace'])}`;
    const id = `${place} ${name}`;
    if (this.#ids.has(id)) return undefined;
    this.#ids.add(id);
    const key = `${place} ${name.replaceAll(/\d+/g, '0')}`;
    let classes = this.#classes.get(key);
    if (!classes) this.#classes.set(key, (classes = []));
    let like = classes.find((each) => equal(each.raw, raw, each.name, name));
    if (!like) {
      if (classes.length >= CLASSES_MAX) return undefined;
      classes.push((like = { file: this.#file, raw, name, count: 0, aside: [] }));
    }
    like.count++;
    return { like, name };
  }

  /**
   * Takes back what others speak of: policies, autoscalers and variables may name one object of a class.
   * @param texts every document that is looked at, as JSON
   */
  named(texts: Iterable<string>): readonly Named[] {
    if (this.#told.length === 0) return [];
    const names = new Set(this.#told.flatMap(({ aside }) => aside.map(({ name }) => name.toLowerCase())));
    const back = new Set<string>();
    for (const text of texts)
      for (const [word] of text.toLowerCase().matchAll(/[a-z0-9][a-z0-9-]*/g)) if (names.has(word)) back.add(word);
    return this.#told.flatMap((like) => {
      const { aside, raw, file } = like;
      if (back.size > 0) like.aside = aside.filter(({ name }) => !back.has(name.toLowerCase()));
      return like.aside.length === aside.length
        ? []
        : aside
            .filter(({ name }) => back.has(name.toLowerCase()))
            .map(({ name, origin }): Named => ({ file, raw: renamed(raw, like.name, name), origin }));
    });
  }

  /** What was left alone, a line for each class. */
  notAnalysed(): readonly NotAnalysed[] {
    return this.#told.flatMap(({ file, raw, name, aside }): NotAnalysed[] =>
      aside.length === 0
        ? []
        : [
            {
              file,
              line: aside[0]!.origin.locate([]).line,
              what: 'alike',
              message: `${aside.length} more are equal to ${String(raw['kind'])} \`${name}\` but for a number in their names: what is found on it holds for them`,
              count: aside.length,
            },
          ],
    );
  }
}

/** Whether two values are equal where each may have its own name wherever the other has its own. */
function equal(a: unknown, b: unknown, nameOfA: string, nameOfB: string): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null)
    return a === nameOfA ? b === nameOfB : a === b && b !== nameOfB;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i], nameOfA, nameOfB)) return false;
    return true;
  }
  let members = 0;
  for (const key in a) {
    if (!Object.hasOwn(b, key) || !equal((a as RawObject)[key], (b as RawObject)[key], nameOfA, nameOfB)) return false;
    members++;
  }
  for (const _key in b) members--;
  return members === 0;
}

/** A copy with another name wherever the first one's is. */
function renamed(value: unknown, from: string, to: string): unknown {
  if (value === from) return to;
  if (Array.isArray(value)) return value.map((each) => renamed(each, from, to));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, renamed(member, from, to)]));
}
