// A request body that can be sent again: what passed is kept, up to a bound.
import { copyOf } from '#wire/direct-read.ts';
import { PASSED, PAUSE, passOn } from '#wire/passing.ts';
import type { BodyReader, BodySink, HeaderInput } from '#wire/types.ts';

/** Takes a body once and gives it to one try after the other. */
export class ReplayBody implements BodySink {
  readonly #body: BodyReader;
  readonly #bytesMax: number;
  #kept: Buffer[] | undefined = [];
  #bytes = 0;
  #begun = false;
  #trailers: HeaderInput | undefined;
  #state: 'flowing' | 'ended' | 'broken' = 'flowing';
  #why = '';
  #sink: BodySink | undefined;

  /** @param bytesMax a body that is longer is sent once only */
  constructor(body: BodyReader, bytesMax: number) {
    this.#body = body;
    this.#bytesMax = bytesMax;
  }

  /** Whether all of it that passed can be given again. */
  get replayable(): boolean {
    return this.#kept !== undefined && this.#state !== 'broken';
  }

  /** No further try: nothing more is kept. */
  settle(): void {
    this.#kept = undefined;
  }

  /** The body for one more try; the one before gets nothing from now on. */
  attempt(): BodyReader {
    return new Attempt(this, this.#body);
  }

  /** For its attempts. */
  pipeTo(sink: BodySink): void {
    this.#sink = sink;
    for (const chunk of this.#kept ?? []) sink.write(chunk);
    if (this.#state === 'ended') sink.end(this.#trailers);
    else if (this.#state === 'broken') sink.abort(this.#why);
    else if (this.#begun) this.#body.resume();
    else {
      this.#begun = true;
      this.#body.pipe(this);
    }
  }

  write(chunk: Buffer): boolean {
    if (this.#keeps(chunk.length)) this.#kept!.push(chunk);
    return this.#sink?.write(chunk) ?? true;
  }

  pass(view: Buffer): number {
    if (!this.#keeps(view.length)) return this.#sink ? passOn(this.#sink, view) : PASSED;
    const chunk = copyOf(view);
    this.#kept!.push(chunk);
    return (this.#sink?.write(chunk) ?? true) ? PASSED : PAUSE;
  }

  #keeps(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#bytes > this.#bytesMax) this.#kept = undefined;
    return this.#kept !== undefined;
  }

  end(trailers?: HeaderInput): void {
    this.#state = 'ended';
    this.#trailers = trailers;
    this.#sink?.end(trailers);
  }

  abort(reason: string): void {
    this.#state = 'broken';
    this.#why = reason;
    this.#sink?.abort(reason);
  }
}

class Attempt implements BodyReader {
  readonly kind: BodyReader['kind'];
  readonly length: number;
  readonly #replay: ReplayBody;
  readonly #body: BodyReader;

  constructor(replay: ReplayBody, body: BodyReader) {
    this.kind = body.kind;
    this.length = body.length;
    this.#replay = replay;
    this.#body = body;
  }

  pipe(sink: BodySink): void {
    this.#replay.pipeTo(sink);
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
}
