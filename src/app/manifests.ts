// The user's manifests: read whole, judged whole, watched by looking at sizes and times, which also sees swapped links and whole folders.
import { createHash } from 'node:crypto';
import { messageOf } from '#base/errors.ts';
import { TlsValues } from '#ingest/kubernetes/tls-values.ts';
import { readSystem } from '#ingest/read.ts';
import type { Diagnostic } from '#model/diagnostic.ts';
import { lintPolicies } from '#policy/lint.ts';
import type { LoadedSystem } from './messages.ts';
import { readSources, stampOf } from './sources.ts';

export type ReadResult = { /** Of every text with its name; equal hashes mean that nothing changed. */ readonly hash: string } & (
  | {
      readonly ok: true;
      readonly loaded: LoadedSystem;
      /** Secrets: for listeners, never for a message or a log. */ readonly tlsValues: TlsValues;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }
);

export class Manifests {
  readonly #paths: readonly string[];
  readonly #stdin: string;
  readonly #cwd: string;
  #stamps: ReadonlyMap<string, string> = new Map();
  /** What the last look that differed saw. */
  #pending: string | undefined;

  /** @param stdin what `-` stands for */
  constructor(paths: readonly string[], stdin: string, cwd: string) {
    this.#paths = paths;
    this.#stdin = stdin;
    this.#cwd = cwd;
  }

  /** Reads everything again. One error in any document refuses the whole: a configuration swaps whole or not at all. */
  read(): ReadResult {
    const sources = readSources(this.#paths, () => Buffer.from(this.#stdin), this.#cwd);
    this.#stamps = sources.stamps;
    this.#pending = undefined;
    const digest = createHash('sha256');
    for (const { file, text } of sources.texts) digest.update(JSON.stringify([file, text.length])).update(text);
    for (const one of sources.diagnostics) digest.update(one.message);
    const hash = digest.digest('hex');
    try {
      const tlsValues = new TlsValues();
      const { system, diagnostics: found } = readSystem(sources.texts, { tlsValues });
      const diagnostics = [...sources.diagnostics, ...found];
      if (diagnostics.some((one) => one.severity === 'error')) return { ok: false, hash, diagnostics };
      return { ok: true, hash, loaded: { system, diagnostics, findings: lintPolicies(system) }, tlsValues };
    } catch (error) {
      // A fault of the reader's own must not take the configuration in force with it.
      const location = { file: this.#paths[0] ?? '.', line: 1, column: 1 };
      const message = `this could not be read, which is a fault of cullis itself: ${messageOf(error)}`;
      return { ok: false, hash, diagnostics: [...sources.diagnostics, { code: 'bug', severity: 'error', message, location }] };
    }
  }

  /** Whether something is different from when it was read; true once two looks in a row see the same, since an editor may write in two steps. */
  changed(): boolean {
    let now = '';
    let same = true;
    for (const [path, stamp] of this.#stamps) {
      const seen = stampOf(path);
      same &&= seen === stamp;
      now += `${seen}\n`;
    }
    const settled = !same && now === this.#pending;
    this.#pending = same ? undefined : now;
    return settled;
  }
}
