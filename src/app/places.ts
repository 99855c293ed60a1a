// The addresses of what runs here: those in force, those of a change that is being tried, and the sockets kept bound for both.
import { CullisError, messageOf } from '#base/errors.ts';
import type { HandleSource } from '#host/handles.ts';
import type { Observed } from '#model/observed.ts';
import type { System } from '#model/system.ts';
import { HeldSockets } from './held-sockets.ts';
import { place, type MovedPort } from './placement.ts';
import { mayHave } from './socket-rights.ts';

const TRIES_MAX = 4;

export class Places {
  readonly #isolation: 'none' | 'namespaces';
  readonly #sockets: HeldSockets;
  #inForce: Observed | undefined;
  /** Of a change that is being applied: the worker may already ask for its sockets. */
  #offered: Observed | undefined;
  /** Of the first configuration, which a second try of it goes on with. */
  #first: Observed | undefined;
  /** Ports that were busy, for people. */
  moved: readonly MovedPort[] = [];

  constructor(isolation: 'none' | 'namespaces', workers: number) {
    this.#isolation = isolation;
    this.#sockets = new HeldSockets(workers > 1);
  }

  get inForce(): Observed | undefined {
    return this.#inForce;
  }

  /** Finds a place for everything; what has one keeps it. Then `accept` or `withdraw` must follow. @throws CullisError listen.failed */
  async offer(system: System): Promise<Observed> {
    for (let tries = 1; ; tries++) {
      const { observed, moved } = await place(system, this.#isolation, this.#inForce ?? this.#first);
      try {
        this.#sockets.hold(observed);
        this.#offered = this.#first = observed;
        for (const one of moved) this.addMoved(one);
        return observed;
      } catch (error) {
        // A port that was free a moment ago may be somebody's by now.
        if (tries === TRIES_MAX) throw new CullisError('listen.failed', messageOf(error), { cause: error });
        this.chooseAnew();
      }
    }
  }

  accept(): void {
    this.#inForce = this.#offered;
    this.#offered = undefined;
    this.#sockets.keepOnly(this.#inForce);
  }

  /** Before anything is in force its sockets stay: the worker may use them already, and the next try does. */
  withdraw(): void {
    this.#offered = undefined;
    if (this.#inForce) this.#sockets.keepOnly(this.#inForce);
  }

  /** The next `offer` takes other ports for what is not in force. */
  chooseAnew(): void {
    this.#first = undefined;
    this.#sockets.keepOnly(this.#inForce);
  }

  addMoved(one: MovedPort): void {
    this.moved = [...this.moved.filter(({ what }) => what !== one.what), one];
  }

  /** What a worker is given, and no more. */
  handles(namespaceOf: HandleSource['namespaceOf']): HandleSource {
    return {
      namespaceOf,
      allow: (op, address) => mayHave([this.#inForce, this.#offered], op, address),
      held: (ip, port) => this.#sockets.get(ip, port),
    };
  }

  /** From now on nobody waits for a worker to come. */
  close(): void {
    this.#sockets.keepOnly(undefined);
  }
}
