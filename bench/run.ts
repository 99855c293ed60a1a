// All benchmarks, one after another: `npm run bench -- --seconds 5`. Options: --seconds N for each measurement, --parts authorize,proxy,memory,hardening, and those
// of bench/proxy/run.ts (--connections, --only, --jobs).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    parts: { type: 'string', default: 'authorize,proxy,memory,scan,attack,secrets' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string' },
    jobs: { type: 'string', default: 'plain,pair' },
  },
});

const PARTS: Readonly<Record<string, readonly string[]>> = {
  authorize: ['authorize.ts', values.seconds],
  proxy: [
    'proxy/run.ts',
    `--seconds=${values.seconds}`,
    `--connections=${values.connections}`,
    `--jobs=${values.jobs}`,
    ...(values.only === undefined ? [] : [`--only=${values.only}`]),
  ],
  memory: ['memory.ts'],
  scan: ['scan/run.ts'],
  attack: ['attack/run.ts'],
  secrets: ['secrets/run.ts'],
  hardening: ['hardening/run.ts', `--seconds=${values.seconds}`],
};

for (const name of values.parts.split(',')) {
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
