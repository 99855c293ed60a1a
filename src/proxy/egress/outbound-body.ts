import type { HeaderInput } from '#wire/types.ts';
import type { Exchange } from '../exchange.ts';
import { PassingBody } from '../passing-body.ts';
import type { Caller } from './events.ts';
import type { Inspection } from './inspection.ts';
import { OutboundStream } from './outbound-stream.ts';
import type { Refused, WayOut } from './way-out.ts';

/** A request body that leaves the mesh. A piece that may not leave ends the request: what the destination has of it does not look whole. */
export class OutboundBody extends PassingBody {
  readonly #x: Exchange;
  readonly #stream: OutboundStream;

  constructor(x: Exchange, way: WayOut, caller: Caller, inspection: Inspection) {
    super(x.request.body);
    this.#x = x;
    this.#stream = new OutboundStream(x.runtime, way, caller, this, inspection);
  }

  override discard(): void {
    this.#stream.abandon();
    super.discard();
  }

  write(chunk: Buffer): boolean {
    return this.#stream.write(chunk);
  }

  end(trailers?: HeaderInput): void {
    if (this.#stream.end()) this.sink.end(trailers);
  }

  abort(why: string): void {
    this.#stream.abandon();
    this.sink.abort(why);
  }

  forward(bytes: Buffer): boolean {
    const more = this.sink.write(bytes);
    if (!more) this.body.pause();
    return more;
  }

  refused(why: Refused): void {
    this.#x.blocked = why;
    this.sink.abort('the workload may not send this out');
  }
}
