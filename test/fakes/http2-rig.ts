// The serving side of HTTP/2 on a socket in memory, with time that moves when the test says so.
import { DEFAULT_LIMITS, type Limits } from '#model/platform.ts';
import { serveHttp2 } from '#wire/http2/server.ts';
import { TimerWheel } from '#wire/timers.ts';
import type { HttpHandler, HttpRequest, HttpResponder, ServedConnection } from '#wire/types.ts';
import { told } from './http2-frames.ts';
import { type MemorySocket, memorySocket, settle } from './memory-socket.ts';
import { fakeClock } from './time.ts';

export interface Rig extends MemorySocket {
  readonly connection: ServedConnection;
  readonly seen: HttpRequest[];
  readonly responders: HttpResponder[];
  /** `status kind` of every refusal. */
  readonly errors: string[];
  readonly bugs: string[];
  /** Lets time pass, tick by tick. */
  advance(ms: number): void;
  /** What was answered until now, one line a frame. */
  told(): Promise<string[]>;
}

export function serveRig(handler: HttpHandler, limits: Partial<Limits> = {}): Rig {
  const clock = fakeClock();
  const timers = new TimerWheel(clock, { byHand: true });
  const memory = memorySocket();
  const seen: HttpRequest[] = [];
  const responders: HttpResponder[] = [];
  const errors: string[] = [];
  const bugs: string[] = [];
  const connection = serveHttp2(
    memory.socket,
    {
      limits: { ...DEFAULT_LIMITS, ...limits },
      timers,
      onError: (kind, status) => {
        errors.push(`${status} ${kind}`);
        return undefined;
      },
      onBug: (error) => {
        bugs.push((error as Error).message);
        return undefined;
      },
    },
    (request, responder) => {
      seen.push(request);
      responders.push(responder);
      handler(request, responder);
    },
  );
  return Object.assign(Object.create(memory) as MemorySocket, {
    connection,
    seen,
    responders,
    errors,
    bugs,
    advance: (ms: number) => {
      for (let left = ms; left > 0; left -= 500) {
        clock.advance(Math.min(left, 500));
        timers.tick();
      }
    },
    told: async () => {
      await settle();
      return told(memory.written);
    },
  });
}
