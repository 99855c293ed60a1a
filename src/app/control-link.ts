// The supervisor's end of the channel to control: questions with answers, and what control says by itself.
import type { ChildProcess } from 'node:child_process';
import { CullisError, ERROR_CODES, type ErrorCode } from '#base/errors.ts';
import type { ControlRequest, FromControlProcess, ToControl } from './messages.ts';

const ANSWER_TIMEOUT_MS = 60_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class ControlLink {
  readonly #send: (message: ToControl) => void;
  readonly #onMessage: (message: Exclude<FromControlProcess, { id: number }>) => void;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(send: (message: ToControl) => void, onMessage: (message: Exclude<FromControlProcess, { id: number }>) => void) {
    this.#send = send;
    this.#onMessage = onMessage;
  }

  /** Listens to a new control process; what the one before it still owed fails. */
  attach(child: ChildProcess): void {
    child.on('message', (message: FromControlProcess) => {
      if (!('id' in message)) {
        this.#onMessage(message);
        return;
      }
      const waiting = this.#waiting.get(message.id);
      if (!waiting) return;
      this.#waiting.delete(message.id);
      clearTimeout(waiting.timer);
      if (message.type === 'answer') waiting.resolve(message.value);
      else
        waiting.reject(
          new CullisError(message.code in ERROR_CODES ? (message.code as ErrorCode) : 'process.failed', message.message),
        );
    });
    child.once('exit', () => {
      for (const { reject, timer } of this.#waiting.values()) {
        clearTimeout(timer);
        reject(new CullisError('control.unreachable', 'the control process ended before it answered'));
      }
      this.#waiting.clear();
    });
  }

  /** @throws CullisError with control's own code, or control.unreachable when no answer comes within a minute */
  ask<T>(request: ControlRequest): Promise<T> {
    const id = this.#nextId++;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new CullisError('control.unreachable', `the control process did not answer \`${request.type}\``));
      }, ANSWER_TIMEOUT_MS);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
      try {
        this.#send({ id, request });
      } catch (error) {
        clearTimeout(timer);
        this.#waiting.delete(id);
        reject(error as Error);
      }
    });
  }

  /** Says something that has no answer; lost when control is just ending. */
  tell(message: Extract<ToControl, { type: string }>): void {
    try {
      this.#send(message);
    } catch {
      // The next one says the same and more.
    }
  }
}
