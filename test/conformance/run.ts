// `npm run conformance`: every suite that others wrote, one line each. Options: --suites DIR, --only NAME[,NAME], --json FILE, --full, --seed N, --verbose, --accept.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { RowResult, Suite } from './suite.ts';

const here = dirname(fileURLToPath(import.meta.url));
const BEST_FILE = join(here, 'best.json');

interface Best {
  readonly passed: number;
  readonly total: number;
}

const { values } = parseArgs({
  options: {
    suites: { type: 'string', default: join(here, '..', '..', '..', 'shared', 'suites') },
    only: { type: 'string' },
    json: { type: 'string' },
    full: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    verbose: { type: 'boolean', default: false },
    accept: { type: 'boolean', default: false },
  },
});

const dir = resolve(values.suites);
const only = values.only?.split(',').map((name) => name.trim());
const files = globSync('suites/*.ts', { cwd: here }).sort();
const suites = (
  await Promise.all(files.map(async (file) => ((await import(pathToFileURL(join(here, file)).href)) as { suite: Suite }).suite))
).filter((suite) => !only || only.includes(suite.name));
const unknown = only?.filter((name) => !suites.some((suite) => suite.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`no suite named ${unknown.map((name) => `\`${name}\``).join(', ')}`);
  process.exit(2);
}

const best = JSON.parse(readFileSync(BEST_FILE, 'utf8')) as Record<string, Best>;
const report: Record<string, { passed: number; total: number; failed: string[] }> = {};
let passedAll = 0;
let failedAll = 0;
let skipped = 0;
let dropped = 0;
for (const suite of suites) {
  if (!existsSync(join(dir, suite.needs)) && !existsSync(join(dir, `${suite.needs}.gz`))) {
    console.log(`${suite.name}: skipped, ${join(values.suites, suite.needs)} is not here`);
    skipped++;
    continue;
  }
  const startedMs = Date.now();
  const rows = await runSuite(suite);
  const failed = rows.filter((row) => !row.pass);
  const passed = rows.length - failed.length;
  report[suite.name] = { passed, total: rows.length, failed: failed.map((row) => row.id) };
  passedAll += passed;
  failedAll += failed.length;
  const note = verdict(suite.name, passed, rows.length);
  console.log(`${suite.name}: ${passed} of ${rows.length}${note.text} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  if (note.drop) dropped++;
  if (values.verbose) for (const row of failed) console.log(`  ${row.id}: ${row.why ?? 'failed'}`);
}
if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 1)}\n`);
if (values.accept) accept();
console.log(`conformance: ${passedAll} passed, ${failedAll} failed${skipped > 0 ? `, ${skipped} suites skipped` : ''}`);
process.exit(dropped > 0 ? 1 : 0);

async function runSuite(suite: Suite): Promise<readonly RowResult[]> {
  try {
    return await suite.run({ dir, full: values.full, seed: Number(values.seed) });
  } catch (error) {
    return [{ id: '(suite)', pass: false, why: error instanceof Error ? (error.stack ?? error.message) : String(error) }];
  }
}

/** A suite may not fall below the committed figure; a sample of a long one may not fail more rows than the whole did. */
function verdict(name: string, passed: number, total: number): { text: string; drop: boolean } {
  const known = best[name];
  if (!known) return { text: '', drop: false };
  const missing = total - passed;
  const allowed = known.total - known.passed;
  if (total === known.total ? passed < known.passed : missing > allowed)
    return { text: `, BELOW the committed ${known.passed} of ${known.total}`, drop: true };
  return { text: '', drop: false };
}

function accept(): void {
  const merged: Record<string, Best> = { ...best };
  for (const [name, { passed, total }] of Object.entries(report))
    if (!merged[name] || passed >= merged[name].passed) merged[name] = { passed, total };
  writeFileSync(
    BEST_FILE,
    `${JSON.stringify(Object.fromEntries(Object.entries(merged).sort(([a], [b]) => (a < b ? -1 : 1))), null, 1)}\n`,
  );
}
