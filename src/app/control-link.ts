// The supervisor's end of the channel to control: questions with answers, and what control says by itself.
import type { ChildProcess } from 'node:child_process';
import { CullisError, ERROR_CODES, type ErrorCode } from '#base/errors.ts';
import type { ControlRequest, FromControlProcess, ToControl } from './messages.ts';
import { within } from './within.ts';

const ANSWER_TIMEOUT_MS = 60_000;
/** How long a question waits for a control process that is just being started again. */
export const CONTROL_WAIT_MS = 8_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export interface ControlLinkPorts {
  /** @throws when it is not running */
  send(message: ToControl): void;
  /** Whether there is a control process that can answer; true as well when none is to be waited for. */
  ready(): boolean;
  onMessage(message: Exclude<FromControlProcess, { id: number }>): void;
}

export class ControlLink {
  readonly #ports: ControlLinkPorts;
  readonly #waiting = new Map<number, Waiting>();
  /** Settled by everything that control says by itself, and by the stop. */
  #news = Promise.withResolvers<void>();
  #nextId = 1;

  constructor(ports: ControlLinkPorts) {
    this.#ports = ports;
  }

  /** Listens to a new control process; what the one before it still owed fails. */
  attach(child: ChildProcess): void {
    child.on('message', (message: FromControlProcess) => {
      if (!('id' in message)) {
        this.#ports.onMessage(message);
        this.tellNews();
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
    // Comes after its last message, also when it was killed.
    child.once('disconnect', () => {
      for (const { reject, timer } of this.#waiting.values()) {
        clearTimeout(timer);
        reject(new CullisError('control.unreachable', 'the control process ended before it answered'));
      }
      this.#waiting.clear();
    });
  }

  /** Asks, and waits for control when it is just being started again. @throws CullisError control.unreachable when it died over the question */
  async askWhenReady<T>(request: ControlRequest): Promise<T> {
    const untilMs = performance.now() + CONTROL_WAIT_MS;
    while (!this.#ports.ready()) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw new CullisError('control.unreachable', 'the control process does not come back');
      await this.newsWithin(leftMs);
    }
    return await this.ask<T>(request);
  }

  /** Resolves when control says something by itself, at the latest after `timeoutMs`. */
  async newsWithin(timeoutMs: number): Promise<void> {
    await within(this.#news.promise, timeoutMs);
  }

  /** Wakes who waits for news. */
  tellNews(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
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
        this.#ports.send({ id, request });
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
      this.#ports.send(message);
    } catch {
      // The next one says the same and more.
    }
  }
}
