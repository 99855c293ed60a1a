import { countExchange } from './events.ts';
import type { Exchange } from './exchange.ts';
import { JudgedExchange } from './judged-exchange.ts';

/** What cuts an answer that has begun. */
export interface AnswerCutter {
  /** @param decision id of the denial that is the reason, '' when it is another one */
  cut(reason: string, decision: string): void;
}

/** An answer that is made to stay open: a gRPC call, a stream of events. What allowed it may be over long before it is. */
export class OpenAnswer extends JudgedExchange {
  readonly #cutter: AnswerCutter;
  #decision = '';

  constructor(x: Exchange, cutter: AnswerCutter) {
    super(x);
    this.#cutter = cutter;
    x.runtime.flows.add(this);
  }

  /** It is over by itself. */
  ended(): void {
    this.x.runtime.flows.delete(this);
  }

  destroy(reason: string): void {
    this.#cutter.cut(reason, this.#decision);
  }

  protected get bytesOut(): number {
    return this.x.responder.bytesOut;
  }

  protected refused(id: string): void {
    const { x } = this;
    this.#decision = id;
    const count = (): void => countExchange(x, x.responder.bytesOut);
    x.responder.observer = { answerSent: count, answerLost: count };
  }
}
