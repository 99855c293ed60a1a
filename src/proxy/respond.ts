import type { AnswerObserver } from '#wire/types.ts';
import { countExchange, exchangeEvent } from './events.ts';
import type { Exchange } from './exchange.ts';
import { securityHeadersFor, speaksForBrowsers } from './security-headers.ts';
import type { Step } from './stages/step.ts';

/** Answers an allowed request from here, without a next hop. @param headers names and values in turn */
export function respond(x: Exchange, status: number, headers: readonly string[], body: string): Step {
  if (x.answered) return 'done';
  x.answered = true;
  x.status = status;
  x.responder.observer = new Answered(x);
  x.responder.send(status, speaksForBrowsers(x) ? [...headers, ...securityHeadersFor(headers, false)] : headers, body);
  return 'done';
}

/** A bug: a bare 500 when nothing was answered yet, else the connection is cut. */
export function respondBug(x: Exchange): void {
  x.failed = true;
  if (x.answered) x.responder.destroy();
  else respond(x, 500, [], '');
}

/** Makes the event of an answer from here. */
class Answered implements AnswerObserver {
  readonly #x: Exchange;

  constructor(x: Exchange) {
    this.#x = x;
  }

  answerSent(): void {
    finish(this.#x);
  }

  answerLost(): void {
    finishLost(this.#x);
  }
}

/** The answer is out: the event is made. */
export function finish(x: Exchange): void {
  const { bytesOut } = x.responder;
  x.runtime.emit.emit(exchangeEvent(x, x.runtime.nextEventId(), bytesOut));
  countExchange(x, bytesOut);
}

/** The client went away before. Nobody was there to read an answer; 499 is nginx's number for it. */
export function finishLost(x: Exchange): void {
  if (x.status === 0) x.status = 499;
  finish(x);
}
