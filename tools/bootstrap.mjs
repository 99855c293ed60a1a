// The first thing `npm start`, `npm test` and `npm run …` run. Plain JavaScript that Node 20 understands, no dependencies:
// installs the locked packages when they are missing or changed, then hands over to the pinned Node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PINNED_MAJOR = 26;

/** The packages are current when the stamp inside node_modules names this lock file and this platform. */
function wantedStamp() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${lock} ${process.platform} ${process.arch}`;
}

function ensurePackages() {
  const stampFile = join(root, 'node_modules', '.cullis-stamp');
  const stamp = wantedStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  // Two commands started side by side in a fresh clone must not install over each other.
  const lockDir = join(root, '.bootstrap.tmp');
  const startedMs = Date.now();
  for (;;) {
    try {
      mkdirSync(lockDir);
      writeFileSync(join(lockDir, 'pid'), String(process.pid));
      break;
    } catch {
      let holder = 0;
      try {
        holder = Number(readFileSync(join(lockDir, 'pid'), 'utf8'));
      } catch {
        /* being written or being removed */
      }
      if (holder > 0 && !alive(holder)) rmSync(lockDir, { recursive: true, force: true });
      else if (Date.now() - startedMs > 600_000) throw new Error(`another set-up holds ${lockDir}; remove it and try again`);
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
      if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
    }
  }
  try {
    const t0 = Date.now();
    process.stderr.write('cullis: first run, installing the locked packages (npm ci) …\n');
    const npm = process.env.npm_execpath;
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
    const env = { ...process.env, npm_config_progress: process.stderr.isTTY ? 'true' : 'false' };
    const done = npm
      ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2], env })
      : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], env });
    if (done.status !== 0) {
      process.stderr.write(
        'cullis: npm ci failed; the lines above say why (no network? wrong registry?). Nothing was started.\n',
      );
      process.exit(2);
    }
    writeFileSync(stampFile, stamp);
    process.stderr.write(`cullis: packages ready in ${((Date.now() - t0) / 1000).toFixed(1)} s\n`);
  } finally {
    rmSync(lockDir, { recursive: true, force: true });
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The pinned Node from its npm package, else this one when it is new enough. */
function nodeBinary() {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= PINNED_MAJOR) return process.execPath;
  process.stderr.write(
    `cullis: needs Node ${PINNED_MAJOR} or newer, and none is packaged for ${process.platform}-${process.arch}; install it and run this again\n`,
  );
  process.exit(2);
}

const WATCH_EVERY_MS = 500;

/** Runs to the end, passing signals on, and leaves with the child's own exit code. */
function hand(args, env = {}) {
  const child = spawn(nodeBinary(), args, {
    stdio: 'inherit',
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: { ...process.env, CULLIS_STARTER: String(process.pid), ...env },
  });
  // A terminal's Ctrl-C reaches the child by itself and comes twice then; the child takes that for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + (constants.signals[signal] ?? 1) : (code ?? 1)));
  // npm starts this through a shell, and a shell passes nothing on: when npm is gone, nobody could stop the child any more.
  const starters = startersOf(process.ppid);
  if (process.env.npm_lifecycle_event !== undefined && starters !== '')
    setInterval(() => startersOf(process.ppid) !== starters && child.kill('SIGTERM'), WATCH_EVERY_MS).unref();
}

/** The shell and who started it, `12 11`; '' where there is no /proc. */
function startersOf(shell) {
  try {
    const stat = readFileSync(`/proc/${shell}/stat`, 'latin1');
    return `${shell} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]}`;
  } catch {
    return '';
  }
}

const [verb, ...rest] = process.argv.slice(2);
ensurePackages();
switch (verb) {
  case 'run':
  case 'script':
    hand([join(root, rest[0]), ...rest.slice(1)]);
    break;
  case 'test':
    hand([join(root, 'tools', 'test.ts'), ...rest], { CULLIS_JOBS: String(availableParallelism()) });
    break;
  default:
    process.stderr.write('usage: node tools/bootstrap.mjs run|script FILE [ARG …] | test [PATTERN …]\n');
    process.exit(2);
}
