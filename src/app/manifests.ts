// The user's manifests: read whole, judged whole, watched by looking at sizes and times, which also sees swapped links and whole folders.
import { statSync } from 'node:fs';
import { readSystem } from '#ingest/read.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { lintPolicies } from '#policy/lint.ts';
import type { LoadedSystem } from './messages.ts';
import { readSources } from './sources.ts';

export type ReadResult = { readonly ok: true; readonly diagnostics: readonly Diagnostic[] } | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export class Manifests {
  readonly #paths: readonly string[];
  readonly #stdin: string;
  readonly #cwd: string;
  #watched: readonly string[] = [];
  #seen = '';
  /** The last System without errors. */
  loaded: LoadedSystem | undefined;

  /** @param stdin what `-` stands for */
  constructor(paths: readonly string[], stdin: string, cwd: string) {
    this.#paths = paths;
    this.#stdin = stdin;
    this.#cwd = cwd;
  }

  /** Reads everything again. With an error in any document the former System stays: a configuration swaps whole or not at all. */
  read(): ReadResult {
    const sources = readSources(this.#paths, () => Buffer.from(this.#stdin), this.#cwd);
    this.#watched = sources.watched;
    this.#seen = this.#look();
    const { system, diagnostics: found } = readSystem(sources.texts);
    const diagnostics = [...sources.diagnostics, ...found];
    if (diagnostics.some((one) => one.severity === 'error')) return { ok: false, diagnostics };
    this.loaded = { system, diagnostics, findings: lintPolicies(system) };
    return { ok: true, diagnostics };
  }

  /** Whether a file changed since it was last asked or read; true once per change, and only when nothing is being written at this moment. */
  changed(): boolean {
    const now = this.#look();
    if (now === this.#seen) return false;
    // Two equal looks in a row: an editor that writes in two steps is not read between them.
    if (now !== this.#pending) {
      this.#pending = now;
      return false;
    }
    this.#seen = now;
    return true;
  }
  #pending = '';

  #look(): string {
    let text = '';
    for (const path of this.#watched) {
      const stat = statSync(path, { throwIfNoEntry: false });
      text += stat ? `${path} ${stat.ino} ${stat.size} ${stat.mtimeMs}\n` : `${path} gone\n`;
    }
    return text;
  }
}
