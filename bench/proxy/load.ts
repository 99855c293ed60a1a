// One measurement: a load against a contender, with what the contender's process cost meanwhile.
import { connect } from 'node:net';
import { h2load } from './h2load.ts';
import type { Job } from './jobs.ts';
import { type Stand, usageOf } from './stand.ts';
import { type Answers, wrk, wrkAnswers } from './wrk.ts';

export interface Measured extends Answers {
  /** Processor time of the contender per request: comparable also where the load was the bottleneck, and on a machine that others use. */
  readonly cpuUsPerRequest: number;
  /** The kernel's part of it, 0 to 1. */
  readonly systemShare: number;
  /** Share of its core that the contender used, 0 to 1. */
  readonly coreShare: number;
  readonly rssMiB: number;
}

const WARM_UP_SECONDS = 3;

/** Waits until the port accepts. @throws Error after five seconds */
export async function awaitPort(port: number): Promise<void> {
  for (const until = performance.now() + 5000; performance.now() < until;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}

async function load(stand: Stand, job: Job, port: number, seconds: number): Promise<Answers> {
  return job.client === 'http2' ? h2load(stand, job, port, seconds) : wrkAnswers(await wrk(stand, { ...job, port, seconds }));
}

/** Until a compiler that works beside the load has nothing left to do. */
export async function warmUp(stand: Stand, job: Job, port: number): Promise<void> {
  await load(stand, job, port, WARM_UP_SECONDS);
}

/** @param pid process whose cost is counted */
export async function measure(stand: Stand, pid: number, job: Job, port: number, seconds: number): Promise<Measured> {
  const [before, startMs] = [usageOf(pid), performance.now()];
  const answers = await load(stand, job, port, seconds);
  const [after, wallMs] = [usageOf(pid), performance.now() - startMs];
  const cpuMs = after.cpuMs - before.cpuMs;
  return {
    ...answers,
    cpuUsPerRequest: answers.requests === 0 ? 0 : (cpuMs * 1000) / answers.requests,
    systemShare: cpuMs === 0 ? 0 : (after.systemMs - before.systemMs) / cpuMs,
    coreShare: cpuMs / wallMs,
    rssMiB: after.rssMiB,
  };
}
