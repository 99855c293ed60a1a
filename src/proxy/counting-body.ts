import { passOn } from '#wire/passing.ts';
import type { BodyReader, BodySink, HeaderInput } from '#wire/types.ts';
import type { Exchange } from './exchange.ts';
import { passTrailers } from './trailers.ts';

/** A request body whose length nobody announced, counted as it passes; of its trailers passes what may. */
export class CountingBody implements BodyReader, BodySink {
  readonly kind: BodyReader['kind'];
  readonly length: number;
  readonly #body: BodyReader;
  readonly #x: Exchange;
  #sink: BodySink | undefined;

  constructor(body: BodyReader, x: Exchange) {
    this.kind = body.kind;
    this.length = body.length;
    this.#body = body;
    this.#x = x;
  }

  pipe(sink: BodySink): void {
    this.#sink = sink;
    this.#body.pipe(this);
  }

  discard(): void {
    this.#body.discard();
  }

  pause(): void {
    this.#body.pause();
  }

  resume(): void {
    this.#body.resume();
  }

  write(chunk: Buffer): boolean {
    this.#x.bytesIn += chunk.length;
    return this.#sink!.write(chunk);
  }

  pass(view: Buffer): number {
    this.#x.bytesIn += view.length;
    return passOn(this.#sink!, view);
  }

  end(trailers?: HeaderInput): void {
    this.#sink!.end(passTrailers(trailers, this.#x.runtime.headerRules));
  }

  abort(why: string): void {
    this.#sink!.abort(why);
  }
}
