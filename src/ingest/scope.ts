import type { Severity } from '#model/diagnostic.ts';
import { formatPath } from '#model/origin.ts';
import type { OriginSource, Path } from '#model/origin.ts';
import type { Findings } from './findings.ts';

const TOLD_MAX = 100;

/** Advice, or how to find it: a suggestion costs a search that is only paid for when it is shown. */
export type Help = string | undefined | (() => string | undefined);

/**
 * Where a reader stands inside one document, and where its findings go. The path is one list that grows and shrinks while the reader
 * walks; it is copied only when something is told.
 */
export class Scope {
  /** Errors told so far: a document with one is not used. */
  errors = 0;
  /** First part of every code, e.g. `authz`. */
  area: string;
  readonly #path: (string | number)[] = [];
  readonly #origin: OriginSource | undefined;
  readonly #out: Findings;
  #told = 0;

  constructor(area: string, origin: OriginSource | undefined, out: Findings) {
    this.area = area;
    this.#origin = origin;
    this.#out = out;
  }

  /** The file that is read, as its reader named it; undefined when that is not known. */
  get file(): string | undefined {
    return this.#origin?.locate([])?.file;
  }

  enter(part: string | number): void {
    this.#path.push(part);
  }

  leave(): void {
    this.#path.pop();
  }

  /** Runs `work` one step deeper. */
  at<T>(part: string | number, work: () => T): T {
    this.#path.push(part);
    const result = work();
    this.#path.pop();
    return result;
  }

  /** The member or item being looked at, in backticks, for messages. */
  name(): string {
    const last = this.#path.at(-1);
    if (last === undefined) return 'the document';
    return typeof last === 'string' ? `\`${shorten(last)}\`` : `\`${shorten(formatPath(this.#path.slice(-2)))}\``;
  }

  /** @param slug second part of the code @param message lower-case, no full stop, never a secret's value */
  error(slug: string, message: string, help?: Help): void {
    this.errors++;
    this.tell('error', slug, message, help);
  }

  warn(slug: string, message: string, help?: Help): void {
    this.tell('warning', slug, message, help);
  }

  info(slug: string, message: string, help?: Help): void {
    this.tell('info', slug, message, help);
  }

  /** Errors always count, but only the first hundred findings of one document are told. */
  tell(severity: Severity, slug: string, message: string, help?: Help): void {
    if (this.#told++ >= TOLD_MAX || this.#out.full(severity)) {
      this.#out.count(severity);
      return;
    }
    const advice = typeof help === 'function' ? help() : help;
    const location = this.#origin?.locate(this.#path);
    const path: Path = this.#path;
    this.#out.push({
      code: `${this.area}.${slug}`,
      severity,
      message,
      ...(location ? { location } : {}),
      ...(path.length > 0 ? { path: formatPath(path) } : {}),
      ...(advice === undefined ? {} : { help: advice }),
    });
  }
}

/** The user's words in a message, cut at 80 characters. */
export function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
