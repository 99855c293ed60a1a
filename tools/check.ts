// `npm run check`: everything a machine can judge about the text of the project, in one go. CI runs it first.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const CHECKS: readonly (readonly [string, string, readonly string[]])[] = [
  ['format', bin('oxfmt'), ['--check', 'layers.ts', 'layers.test.ts', 'src', 'test', 'tools', 'bench', 'examples']],
  [
    'lint',
    bin('oxlint'),
    ['--type-aware', '--deny-warnings', 'layers.ts', 'layers.test.ts', 'src', 'test', 'tools', 'bench', 'examples', 'dashboard'],
  ],
  ['types', bin('tsc'), ['-p', '.']],
  ['unused', bin('knip'), ['--no-progress']],
  ['generated', process.execPath, [join(root, 'tools', 'generate.ts'), '--check']],
];

let failed = 0;
for (const [name, command, args] of CHECKS) {
  const startedMs = Date.now();
  const done = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
  });
  const ok = done.status === 0;
  if (!ok) failed++;
  console.log(`${name}: ${ok ? 'ok' : 'FAILED'} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  if (!ok) console.log(`${done.stdout ?? ''}${done.stderr ?? ''}${done.error ? String(done.error) : ''}`.trim());
}
process.exitCode = failed > 0 ? 1 : 0;
