import type { BodyReader, BodySink, HeaderInput } from '#wire/types.ts';

/**
 * A body on its way through: what is read of it goes to one sink, by way of whoever looks at it. Pieces come as copies that may be kept; one who does not
 * keep them may take views besides (`BodySink.pass`).
 */
export abstract class PassingBody implements BodyReader, BodySink {
  readonly kind: BodyReader['kind'];
  readonly length: number;
  protected readonly body: BodyReader;
  /** Where it goes; there from `pipe` on, and before anything is read. */
  protected sink!: BodySink;

  constructor(body: BodyReader) {
    this.kind = body.kind;
    this.length = body.length;
    this.body = body;
  }

  pipe(sink: BodySink): void {
    this.sink = sink;
    this.body.pipe(this);
  }

  discard(): void {
    this.body.discard();
  }

  pause(): void {
    this.body.pause();
  }

  resume(): void {
    this.body.resume();
  }

  abstract write(chunk: Buffer): boolean;
  abstract end(trailers?: HeaderInput): void;
  abstract abort(why: string): void;
}
