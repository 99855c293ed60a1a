import { CullisError } from '#base/errors.ts';
import type { StatusResponse } from '#api/control.ts';
import { type ControlClient, openClient } from '../client.ts';
import type { Cli } from '../context.ts';
import { EXIT } from '../failure.ts';
import { rotationLines } from '../view/status.ts';
import type { LiveFlags } from './status.ts';

export interface RotateFlags extends LiveFlags {
  readonly wait: boolean;
}

const LOOK_MS = 200;
/** Somebody who waits longer than this looks at `cullis ca show` anyway. */
const WAIT_MAX_MS = 600_000;

/** `cullis ca rotate`: begins the rotation, or joins one that is under way, and tells each phase until it is over. Breaking this off stops nothing. */
export async function run(cli: Cli, flags: RotateFlags): Promise<number> {
  const client = openClient(cli, flags.state);
  const before = await statusOf(client);
  if (before.rotation === null) {
    if (!(await client.call('rotateCa'))) throw new CullisError('control.unreachable', 'the control API rotates no CA');
  } else cli.note('a rotation is under way already');
  const last = flags.wait ? await follow(cli, client, flags.json) : await statusOf(client);
  if (flags.json) cli.out(JSON.stringify({ authority: last.authority, rotation: last.rotation }, null, 2));
  else if (last.rotation) for (const line of rotationLines(last.rotation, last.timeMs, cli.paint)) cli.out(line);
  else cli.out(`${cli.paint('good', 'done')} the new root is sha256 ${last.authority?.rootFingerprint ?? ''}`);
  return !flags.wait || last.rotation === null ? EXIT.fine : EXIT.findings;
}

async function follow(cli: Cli, client: ControlClient, quiet: boolean): Promise<StatusResponse> {
  const untilMs = cli.nowMs() + WAIT_MAX_MS;
  let told = '';
  for (;;) {
    const status = await statusOf(client);
    if (status.rotation === null || cli.nowMs() >= untilMs) return status;
    const lines = rotationLines({ ...status.rotation, sinceMs: status.timeMs }, status.timeMs, cli.paint);
    if (!quiet && lines.join() !== told) {
      told = lines.join();
      for (const line of lines) cli.note(line.trim());
    }
    await new Promise((resolve) => {
      setTimeout(resolve, LOOK_MS);
    });
  }
}

async function statusOf(client: ControlClient): Promise<StatusResponse> {
  const status = await client.call('status');
  if (!status) throw new CullisError('control.unreachable', 'the control API has no status');
  return status;
}
