import { passOn } from '#wire/passing.ts';
import type { BodyReader, HeaderInput } from '#wire/types.ts';
import type { Exchange } from './exchange.ts';
import { PassingBody } from './passing-body.ts';
import { passTrailers } from './trailers.ts';

/** A request body whose length nobody announced, counted as it passes; of its trailers passes what may. */
export class CountingBody extends PassingBody {
  readonly #x: Exchange;

  constructor(body: BodyReader, x: Exchange) {
    super(body);
    this.#x = x;
  }

  write(chunk: Buffer): boolean {
    this.#x.bytesIn += chunk.length;
    return this.sink.write(chunk);
  }

  pass(view: Buffer): number {
    this.#x.bytesIn += view.length;
    return passOn(this.sink, view);
  }

  end(trailers?: HeaderInput): void {
    this.sink.end(passTrailers(trailers, this.#x.runtime.headerRules));
  }

  abort(why: string): void {
    this.sink.abort(why);
  }
}
