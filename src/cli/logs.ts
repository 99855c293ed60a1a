// The workloads' own lines: printed with their name in front, or kept (the last few of each) until somebody needs them.
import { prefixLine, type LogLine } from '#app/log-line.ts';
import type { Cli } from './context.ts';

const KEPT = 20;

export class LogPrinter {
  readonly #cli: Cli;
  readonly #follow: boolean;
  readonly #kept = new Map<string, LogLine[]>();
  #width = 12;

  constructor(cli: Cli, follow: boolean) {
    this.#cli = cli;
    this.#follow = follow;
  }

  /** Names that will come, for columns that align. */
  names(names: readonly string[]): void {
    this.#width = Math.max(...names.map((name) => name.length), 1);
  }

  print(line: LogLine): void {
    const kept = this.#kept.get(line.id) ?? [];
    this.#kept.set(line.id, kept);
    kept.push(line);
    if (kept.length > KEPT) kept.shift();
    if (this.#follow) this.#write(line);
  }

  /** The last lines of one workload, when they were not shown as they came. */
  show(id: string): void {
    if (!this.#follow) for (const line of this.#kept.get(id) ?? []) this.#write(line);
  }

  #write(line: LogLine): void {
    this.#cli.err(prefixLine(line, this.#width, this.#cli.paintErr('strong', 'x') !== 'x'));
  }
}
