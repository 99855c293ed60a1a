import { countExchange, exchangeEvent } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { Step } from './stages/step.ts';

/** Answers an allowed request from here, without a next hop. @param headers names and values in turn */
export function respond(x: Exchange, status: number, headers: readonly string[], body: string): Step {
  if (x.answered) return 'done';
  x.answered = true;
  x.status = status;
  watch(x);
  x.responder.send(status, headers, body);
  return 'done';
}

/** A bug: a bare 500 when nothing was answered yet, else the connection is cut. */
export function respondBug(x: Exchange): void {
  x.failed = true;
  if (x.answered) x.responder.destroy();
  else respond(x, 500, [], '');
}

/** Makes the event once the answer is out, or cannot get out any more. @param onAbort called when the client went away before that */
export function watch(x: Exchange, onAbort?: () => void): void {
  const { responder } = x;
  responder.onFinish = () => {
    responder.onFinish = responder.onAbort = undefined;
    finish(x);
  };
  responder.onAbort = () => {
    responder.onFinish = responder.onAbort = undefined;
    onAbort?.();
    // Nobody was there to read an answer; nginx's number for it.
    if (x.status === 0) x.status = 499;
    finish(x);
  };
}

function finish(x: Exchange): void {
  const { bytesOut } = x.responder;
  x.runtime.emit.emit(exchangeEvent(x, x.runtime.nextEventId(), bytesOut));
  countExchange(x, bytesOut);
}
