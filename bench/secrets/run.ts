// Secrets: this scanner and gitleaks over the same tree, one after another: `node bench/secrets/run.ts [--tree DIR] [--gitleaks BINARY] [--gitleaks-mb 40]`.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { compileSecretRules } from '#scan/secrets/scanner.ts';
import { SECRET_RULES } from '#scan/secrets/rules.ts';

const { values } = parseArgs({
  options: {
    tree: { type: 'string' },
    gitleaks: { type: 'string', default: 'gitleaks' },
    'gitleaks-mb': { type: 'string', default: '40' },
  },
});

/** Go's sources when they are here, else what npm installed. */
function defaultTree(): string {
  const { status, stdout } = spawnSync('go', ['env', 'GOROOT'], { encoding: 'utf8' });
  const source = status === 0 ? join(stdout.trim(), 'src') : '';
  return existsSync(source) ? source : join(import.meta.dirname, '../../node_modules');
}

const tree = values.tree ?? defaultTree();
const files = globSync('**/*', { cwd: tree }).filter((path) => statSync(join(tree, path)).isFile());
const contents = files.map((path) => [path, readFileSync(join(tree, path))] as const);
const megabytes = contents.reduce((sum, [, bytes]) => sum + bytes.length, 0) / 1e6;

const start = process.cpuUsage();
const scanner = compileSecretRules({ rules: SECRET_RULES });
let hits = 0;
for (const [path, bytes] of contents) hits += scanner.scan(path, bytes).length;
const used = process.cpuUsage(start);
const ours = megabytes / ((used.user + used.system) / 1e6);
console.log(
  `cullis, ${SECRET_RULES.length} kinds, Node ${process.versions.node}: ${megabytes.toFixed(1)} MB in ${files.length} files, ${hits} hits, ${ours.toFixed(1)} MB a CPU-second`,
);

const version = spawnSync(values.gitleaks, ['version'], { encoding: 'utf8' });
if (version.status !== 0)
  console.log(
    `gitleaks: skipped, \`${values.gitleaks}\` cannot be started (go install github.com/zricethezav/gitleaks/v8@latest, or --gitleaks BINARY)`,
  );
else comparePeer(versionOf(values.gitleaks, version.stdout.trim()));

/** A binary that `go install` made does not know its version; Go does. */
function versionOf(binary: string, told: string): string {
  if (/^v?\d/.test(told)) return told;
  const { status, stdout } = spawnSync('go', ['version', '-m', binary], { encoding: 'utf8' });
  return (status === 0 ? /\smod\s+\S+\s+(\S+)/.exec(stdout)?.[1] : undefined) ?? 'of unknown version';
}

/** The first megabytes of the tree, in a folder of their own, since all of it takes the peer long. */
function comparePeer(name: string): void {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-bench-'));
  try {
    let size = 0;
    for (const [path, bytes] of contents) {
      if (size > Number(values['gitleaks-mb']) * 1e6) break;
      mkdirSync(dirname(join(dir, 'tree', path)), { recursive: true });
      copyFileSync(join(tree, path), join(dir, 'tree', path));
      size += bytes.length;
    }
    const script = `times=$( { time -p "$0" dir "$1" --no-banner --exit-code 0 --log-level error >/dev/null; } 2>&1 ); echo "$times"`;
    const output = execFileSync('bash', ['-c', script, values.gitleaks, join(dir, 'tree')], { encoding: 'utf8' });
    const seconds = ['user', 'sys'].reduce(
      (sum, word) => sum + Number(new RegExp(`${word} ([\\d.]+)`).exec(output)?.[1] ?? 0),
      0,
    );
    const theirs = size / 1e6 / seconds;
    console.log(`gitleaks ${name}: ${(size / 1e6).toFixed(1)} MB, ${theirs.toFixed(1)} MB a CPU-second`);
    console.log(`ratio: ${(ours / theirs).toFixed(1)}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
