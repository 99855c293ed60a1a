// The command line in this process: what it prints and how it leaves, without starting anything.
import { runCli } from '#cli/main.ts';
import type { CliStream } from '#cli/context.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliWorld {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nowMs?: number;
  /** A terminal gets remarks and colours. */
  readonly isTTY?: boolean;
}

function capture(isTTY: boolean): CliStream & { text: string } {
  return {
    text: '',
    isTTY,
    columns: 100,
    hasColors: () => isTTY,
    write(chunk) {
      this.text += chunk;
      return true;
    },
  };
}

/** @param args as typed after `cullis` */
export async function cullis(args: readonly string[], world: CliWorld): Promise<CliResult> {
  const isTTY = world.isTTY ?? false;
  const [stdout, stderr] = [capture(isTTY), capture(isTTY)];
  const process = { argv: ['node', 'cullis', ...args], env: world.env ?? {}, stdout, stderr, cwd: () => world.cwd };
  const code = await (world.nowMs === undefined ? runCli(process) : runCli(process, () => world.nowMs as number));
  return { code, stdout: stdout.text, stderr: stderr.text };
}
