// Private keys of listeners that serve the world. They come with snapshots, live in memory, and are handed to TLS alone.
import { inspect } from 'node:util';

export class ServingKeys {
  readonly #pems = new Map<string, string>();

  /** Takes keys by id; those that are there already stay. */
  offer(keys: Readonly<Record<string, string>> | undefined): void {
    for (const [id, pem] of Object.entries(keys ?? {})) this.#pems.set(id, pem);
  }

  /** PKCS#8 PEM. */
  get(id: string): string | undefined {
    return this.#pems.get(id);
  }

  keepOnly(used: ReadonlySet<string>): void {
    for (const id of this.#pems.keys()) if (!used.has(id)) this.#pems.delete(id);
  }

  toJSON(): string {
    return '[keys]';
  }

  [inspect.custom](): string {
    return '[keys]';
  }
}
