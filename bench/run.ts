// All benchmarks, one after another: `npm run bench -- --seconds 5`; some of them: `node bench/run.ts proxy memory`, or --parts proxy,memory. Options:
// --seconds N for each measurement, and those of bench/proxy/run.ts (--connections, --only, --jobs, --tries, --no-pace).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '5' },
    parts: { type: 'string', default: 'authorize,proxy,telemetry,memory,scan,attack,secrets' },
    connections: { type: 'string' },
    only: { type: 'string' },
    jobs: { type: 'string' },
    tries: { type: 'string' },
    'no-pace': { type: 'boolean', default: false },
  },
});

const PARTS: Readonly<Record<string, readonly string[]>> = {
  authorize: ['authorize.ts', values.seconds],
  proxy: [
    'proxy/run.ts',
    `--seconds=${values.seconds}`,
    ...(['connections', 'jobs', 'only', 'tries'] as const).flatMap((name) =>
      values[name] === undefined ? [] : [`--${name}=${values[name]}`],
    ),
    ...(values['no-pace'] ? ['--no-pace'] : []),
  ],
  telemetry: [
    'proxy/telemetry.ts',
    `--seconds=${values.seconds}`,
    ...(values.jobs === undefined ? [] : [`--jobs=${values.jobs}`]),
  ],
  memory: ['memory.ts'],
  scan: ['scan/run.ts'],
  attack: ['attack/run.ts'],
  secrets: ['secrets/run.ts'],
  hardening: ['hardening/run.ts', `--seconds=${values.seconds}`],
};

for (const name of positionals.length > 0 ? positionals : values.parts.split(',')) {
  const part = PARTS[name];
  if (!part) {
    console.error(`no part \`${name}\`; there are ${Object.keys(PARTS).join(', ')}`);
    process.exitCode = 2;
    break;
  }
  console.log(`\n${name}`);
  const [script, ...args] = part as [string, ...string[]];
  const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
