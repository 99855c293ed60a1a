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
const scanner = compileSecretRules({ rules: SECRET_RULES });

interface Measured {
  readonly megabytes: number;
  readonly hits: number;
  /** A CPU-second, reading included. */
  readonly speed: number;
}

function measure(paths: readonly string[]): Measured {
  const start = process.cpuUsage();
  let [size, hits] = [0, 0];
  for (const path of paths) {
    const bytes = readFileSync(join(tree, path));
    size += bytes.length;
    hits += scanner.scan(path, bytes).length;
  }
  const { user, system } = process.cpuUsage(start);
  return { megabytes: size / 1e6, hits, speed: size / (user + system) };
}

function show(name: string, { megabytes, hits, speed }: Measured, count: number): void {
  console.log(`${name}: ${megabytes.toFixed(1)} MB in ${count} files, ${hits} hits, ${speed.toFixed(1)} MB a CPU-second`);
}

const ours = `cullis, ${SECRET_RULES.length} kinds, Node ${process.versions.node}`;

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

/** The first megabytes of the tree, in a folder of their own, since all of it takes the peer long. Both look at the same files, this one cold. */
function comparePeer(name: string): void {
  const dir = mkdtempSync(join(tmpdir(), 'cullis-bench-'));
  try {
    const chosen: string[] = [];
    for (let [i, size] = [0, 0]; i < files.length && size < Number(values['gitleaks-mb']) * 1e6; i++) {
      const path = files[i]!;
      mkdirSync(dirname(join(dir, 'tree', path)), { recursive: true });
      copyFileSync(join(tree, path), join(dir, 'tree', path));
      size += statSync(join(tree, path)).size;
      chosen.push(path);
    }
    const measured = measure(chosen);
    show(ours, measured, chosen.length);
    const script = `times=$( { time -p "$0" dir "$1" --no-banner --exit-code 0 --log-level error >/dev/null; } 2>&1 ); echo "$times"`;
    const output = execFileSync('bash', ['-c', script, values.gitleaks, join(dir, 'tree')], { encoding: 'utf8' });
    const seconds = ['user', 'sys'].reduce(
      (sum, word) => sum + Number(new RegExp(`${word} ([\\d.]+)`).exec(output)?.[1] ?? 0),
      0,
    );
    const theirs = measured.megabytes / seconds;
    console.log(`gitleaks ${name}: the same files, ${theirs.toFixed(1)} MB a CPU-second`);
    console.log(`ratio: ${(measured.speed / theirs).toFixed(1)}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

show(`${ours}, whole tree`, measure(files), files.length);
