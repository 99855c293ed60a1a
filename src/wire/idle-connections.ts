// Connections that wait for a next request, over all destinations: beyond a bound the one that waited longest is closed. Kept connections cost
// memory (over mutual TLS some 100 KB at either end), and with very many endpoints each would be kept for a minute after one request.

/** A connection in the list; the links are the list's own. */
export interface IdleConnection {
  older: IdleConnection | undefined;
  newer: IdleConnection | undefined;
  destroy(): void;
}

/** A list by time of rest, linked through its members: a busy proxy puts a connection in and takes it out with every request. */
export class IdleConnections {
  readonly #max: number;
  #count = 0;
  #oldest: IdleConnection | undefined;
  #newest: IdleConnection | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get count(): number {
    return this.#count;
  }

  add(connection: IdleConnection): void {
    connection.older = this.#newest;
    if (this.#newest) this.#newest.newer = connection;
    else this.#oldest = connection;
    this.#newest = connection;
    this.#count++;
    // Closing it takes it out of the list.
    if (this.#count > this.#max) this.#oldest!.destroy();
  }

  remove(connection: IdleConnection): void {
    const { older, newer } = connection;
    if (older) older.newer = newer;
    else this.#oldest = newer;
    if (newer) newer.older = older;
    else this.#newest = older;
    connection.older = connection.newer = undefined;
    this.#count--;
  }
}
