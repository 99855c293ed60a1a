// The program behind the builtin `postgres`: makes the database when there is none, then becomes PostgreSQL (the same process, so
// signals and the exit code are its own). Started by the runner with the environment of postgres.ts.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

interface User {
  readonly uid: number;
  readonly gid: number;
}

function fail(message: string): never {
  process.stderr.write(`postgres: ${message}\n`);
  process.exit(1);
}

function variable(name: string): string {
  return process.env[name] ?? fail(`\`${name}\` is not set`);
}

const runAs = /^(\d+):(\d+)$/.exec(process.env['CULLIS_POSTGRES_RUN_AS'] ?? '');
const user: User | undefined = runAs ? { uid: Number(runAs[1]), gid: Number(runAs[2]) } : undefined;
if (!user && process.getuid?.() === 0) fail('it refuses to run as root, and no other user was given');

/** Whether another user may go all the way down to a path. */
function reachable(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    const stat = statSync(at, { throwIfNoEntry: false });
    if (stat && (stat.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/**
 * Where another user can reach what this one can: at the same place, else under /mnt of a mount namespace of its own (this program
 * starts over in it), else, where root may not mount, in a folder below /var/lib/cullis that stands for it.
 * @param kind tells versions of a copy apart
 */
function place(path: string, kind = ''): string {
  if (!user || reachable(dirname(path))) return path;
  if (process.env['CULLIS_POSTGRES_MOUNTED'] === undefined && mayMount()) startOverMounted();
  const base = '/var/lib/cullis';
  mkdirSync(base, { recursive: true, mode: 0o711 });
  chmodSync(base, 0o711);
  return join(
    base,
    `${basename(path)}-${createHash('sha256')
      .update(path + kind)
      .digest('hex')
      .slice(0, 12)}`,
  );
}

function mayMount(): boolean {
  return spawnSync('unshare', ['--mount', '--', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' }).status === 0;
}

function startOverMounted(): never {
  const script = [
    'set -e',
    'mount -t tmpfs -o mode=0755 none /mnt',
    'mkdir /mnt/data /mnt/native',
    'mount --bind "$PGDATA" /mnt/data',
    'mount --bind "$CULLIS_POSTGRES_NATIVE" /mnt/native',
    'export PGDATA=/mnt/data CULLIS_POSTGRES_NATIVE=/mnt/native CULLIS_POSTGRES_MOUNTED=1',
    'exec "$@"',
  ];
  const unshare = ['/usr/bin/unshare', '/bin/unshare'].find((path) => existsSync(path)) ?? fail('no `unshare`');
  const words = [
    unshare,
    '--mount',
    '--',
    'sh',
    '-c',
    script.join('\n'),
    'sh',
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ];
  process.execve!(unshare, words, process.env);
  return fail('it could not start over');
}

/** The programs, copied once where the user could not read them in the checkout. */
function programs(): string {
  const native = variable('CULLIS_POSTGRES_NATIVE');
  const { mtimeMs, size } = statSync(join(native, 'bin', 'postgres'));
  const reached = place(native, `${mtimeMs} ${size}`);
  if (reached === native || existsSync(reached)) return reached;
  const half = `${reached}.${process.pid}`;
  cpSync(native, half, { recursive: true, verbatimSymlinks: true });
  renameSync(half, reached);
  return reached;
}

function giveTo({ uid, gid }: User, path: string): void {
  lchownSync(path, uid, gid);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) giveTo({ uid, gid }, join(path, name));
}

/** initdb looks its user up by name and refuses one without; `nobody` has a name everywhere, and the files change hands afterwards. */
function initUser(): User | undefined {
  if (!user) return undefined;
  const named = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .some((line) => line.split(':')[2] === `${user.uid}`);
  return named ? user : { uid: 65_534, gid: 65_534 };
}

mkdirSync(variable('PGDATA'), { recursive: true, mode: 0o700 });
const native = programs();
const folder = place(variable('PGDATA'));
const initSql = process.env['CULLIS_POSTGRES_INIT_SQL'];
const data = join(folder, 'data');
const role = process.env['POSTGRES_USER'] || 'postgres';
const database = process.env['POSTGRES_DB'] || role;
const method = process.env['POSTGRES_HOST_AUTH_METHOD'] || 'scram-sha-256';
// Neither the password nor what else the workload was told is PostgreSQL's business.
const env: Record<string, string> = {
  PATH: process.env['PATH'] ?? '',
  HOME: folder,
  TMPDIR: process.env['TMPDIR'] ?? '/tmp',
  LC_ALL: 'C',
  TZ: 'UTC',
};

mkdirSync(folder, { recursive: true, mode: 0o700 });
if (!existsSync(join(data, 'PG_VERSION'))) makeDatabase();
if (user) giveTo(user, folder);

function passwordText(): string {
  const file = process.env['POSTGRES_PASSWORD_FILE'];
  return file ? readFileSync(file, 'utf8').trimEnd() : (process.env['POSTGRES_PASSWORD'] ?? '');
}

function run(program: string, args: readonly string[], input: string, as: User | undefined): void {
  const options = { env, input, encoding: 'utf8', cwd: folder, maxBuffer: 16 * 1024 * 1024, ...as } as const;
  const done = spawnSync(join(native, 'bin', program), args, options);
  const failure =
    done.error?.message ?? (done.status === 0 ? /^.*(?:ERROR|FATAL):.*$/m.exec(done.stderr)?.[0] : done.stderr.trim());
  if (failure !== undefined) fail(`${program} failed: ${failure || `exit code ${done.status}`}`);
}

/** Makes it aside and moves it into place whole, so that an interrupted start is begun anew. */
function makeDatabase(): void {
  const password = passwordText();
  if (method !== 'trust' && password === '') fail('set `POSTGRES_PASSWORD`, or `POSTGRES_HOST_AUTH_METHOD` to `trust`');
  const sql = initSql === undefined ? '' : readFileSync(initSql, 'utf8');
  const making = `${data}.new`;
  const secret = join(folder, 'password');
  rmSync(making, { recursive: true, force: true });
  const as = initUser();
  try {
    const args = [
      '--pgdata',
      making,
      '--username',
      role,
      '--auth-local=trust',
      `--auth-host=${method}`,
      '--encoding=UTF8',
      '--no-locale',
    ];
    if (password !== '') {
      writeFileSync(secret, `${password}\n`, { mode: 0o600 });
      args.push('--pwfile', secret);
    }
    if (as) giveTo(as, folder);
    run('initdb', [...args, '--no-instructions'], '', as);
  } finally {
    rmSync(secret, { force: true });
  }
  if (database !== 'postgres') single(making, 'postgres', `CREATE DATABASE "${database.replaceAll('"', '""')}";`, as);
  if (sql !== '') single(making, database, sql, as);
  renameSync(making, data);
}

/** Single-user mode: no socket is opened while the database is made. Statements end with a semicolon; the text is one transaction. */
function single(cluster: string, into: string, text: string, as: User | undefined): void {
  run('postgres', ['--single', '-j', '-D', cluster, into], `${text.trim()}\n\n`, as);
}

const settings = {
  listen_addresses: variable('CULLIS_POSTGRES_ADDRESS'),
  port: variable('PGPORT'),
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '32MB',
  logging_collector: 'off',
  log_checkpoints: 'off',
  log_line_prefix: '',
};
const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
const postgres = join(native, 'bin', 'postgres');
if (user) {
  process.setgroups!([]);
  process.setgid!(user.gid);
  process.setuid!(user.uid);
}
process.chdir(folder);
process.execve!(postgres, [postgres, '-D', data, ...words], env);
