// `npm run bench -- scan`: a thousand manifests, cold and warm, beside kube-score where it is installed. Each figure is a whole process.
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCorpus } from './corpus.ts';

const MANIFESTS = 1000;
const RUNS = 5;
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'cullis-bench-'));

interface Measured {
  readonly seconds: number;
  readonly megabytes: number;
}

/** Runs a command under GNU time for its peak memory; its exit code does not matter, its output is thrown away. */
function measure(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Measured | undefined {
  const started = performance.now();
  const { error, stderr } = spawnSync('/usr/bin/time', ['-f', 'peak %M', command, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 120_000,
    cwd: folder,
  });
  if (error) return undefined;
  const peak = /peak (\d+)/.exec(stderr)?.[1];
  return peak === undefined ? undefined : { seconds: (performance.now() - started) / 1000, megabytes: Number(peak) / 1024 };
}

function median(runs: readonly Measured[]): Measured {
  const by = (key: keyof Measured): number => runs.map((run) => run[key]).sort((a, b) => a - b)[runs.length >> 1] ?? Number.NaN;
  return { seconds: by('seconds'), megabytes: by('megabytes') };
}

function show(name: string, runs: readonly (Measured | undefined)[]): void {
  const good = runs.filter((run) => run !== undefined);
  if (good.length === 0) console.log(`${name.padEnd(34)} not there (GNU time and the program are needed)`);
  else {
    const { seconds, megabytes } = median(good);
    console.log(`${name.padEnd(34)} ${seconds.toFixed(2)} s  ${megabytes.toFixed(0)} MB`);
  }
}

try {
  const bytes = writeCorpus(join(folder, 'deploy'), MANIFESTS);
  console.log(`${MANIFESTS} manifests, ${(bytes / 1e6).toFixed(1)} MB; median of ${RUNS} processes`);
  const cullis = [
    join(root, 'bin/cullis.js'),
    'scan',
    'deploy',
    '--format',
    'sarif',
    '--output',
    join(folder, 'out.sarif'),
    '--fail-on',
    'never',
  ];
  const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') };
  const times = (args: readonly string[], before: () => void = () => {}): (Measured | undefined)[] =>
    Array.from({ length: RUNS }, () => {
      before();
      return measure(process.execPath, args, env);
    });
  // The code cache is not what is measured.
  measure(process.execPath, cullis, env);
  show(
    'cullis scan, cold',
    times(cullis, () => rmSync(join(folder, 'cache'), { recursive: true, force: true })),
  );
  show('cullis scan, warm', times(cullis));
  const changed = join(folder, 'deploy/team-3/service-43/0.yaml');
  show(
    'cullis scan, one file changed',
    times(cullis, () => appendFileSync(changed, '# changed\n')),
  );
  const peer = process.env['KUBE_SCORE'] ?? 'kube-score';
  show(
    'kube-score, its checks alone',
    Array.from({ length: RUNS }, () =>
      measure('sh', ['-c', `${peer} score --output-format sarif $(find deploy -name '*.yaml')`], env),
    ),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
