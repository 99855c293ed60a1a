// The file tree a workload sees: built from nothing, so that what is not listed here is not there. No home folders, no sockets of
// the host's services under /run, no /var, no state folder.
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, normalize, relative } from 'node:path';
import { CullisError } from '#base/errors.ts';

export interface RootSpec {
  /** Visible read-only, at the same paths, with what lies below. */
  readonly share: readonly string[];
  /** Visible and writable (as the workload's user may). */
  readonly writable: readonly string[];
  /** Covered by an empty folder where they would be visible. */
  readonly hide: readonly string[];
  readonly tmpBytesMax: number;
}

/** Programs and libraries of the system. Symbolic links (merged /usr) are made anew, folders are shared. */
const SYSTEM_FOLDERS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'usr', 'nix/store', 'gnu/store'] as const;

/** Of /etc only what programs need to run, by name; accounts, names and addresses are written anew. */
const ETC_SHARED = [
  'alternatives',
  'ca-certificates',
  'ca-certificates.conf',
  'debian_version',
  'fonts',
  'gai.conf',
  'host.conf',
  'java',
  'jvm',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'locale.alias',
  'mime.types',
  'os-release',
  'pki/ca-trust',
  'pki/tls',
  'protocols',
  'python3',
  'services',
  'ssl',
  'terminfo',
  'timezone',
] as const;

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'] as const;

/** Quotes one word for sh. @throws CullisError for what no path should hold */
export function quote(word: string): string {
  if (/[\0\n]/.test(word)) throw new CullisError('config.invalid', `\`${JSON.stringify(word)}\` cannot be used as a path`);
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Lines of sh that build the tree below the present folder (an empty tmpfs), for one with the rights to mount.
 * @throws CullisError config.unreadable when a shared folder does not exist
 */
export function rootScript(spec: RootSpec): string[] {
  const mounts = mountPoints();
  const lines = ['mkdir -p etc proc tmp var/tmp root home dev/shm run/cullis .old', 'mkdir -m 700 run/netns'];
  for (const name of SYSTEM_FOLDERS) {
    const path = `/${name}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) lines.push(`ln -s ${quote(readlinkSync(path))} ${name}`);
    else if (stat?.isDirectory()) lines.push(...bind(path, true, mounts));
  }
  for (const name of ETC_SHARED) {
    const path = `/etc/${name}`;
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) continue;
    if (stat.isDirectory()) lines.push(...bind(path, true, mounts));
    else lines.push(`mkdir -p .${dirname(path)}`, `cp -dp ${path} .${path} 2>/dev/null || true`);
  }
  lines.push(`ln -s /run/cullis/hosts etc/hosts`, `ln -s /run/cullis/resolv.conf etc/resolv.conf`);
  lines.push(`echo 'hosts: files dns' > etc/nsswitch.conf`, `ln -s /proc/mounts etc/mtab`);
  for (const name of DEVICES)
    if (existsSync(`/dev/${name}`)) lines.push(`: > dev/${name}`, `mount --bind /dev/${name} dev/${name}`);
  lines.push('ln -s /proc/self/fd dev/fd', 'ln -s fd/0 dev/stdin', 'ln -s fd/1 dev/stdout', 'ln -s fd/2 dev/stderr');
  lines.push('ln -s /run var/run');
  lines.push(`mount -t tmpfs -o mode=1777,size=${spec.tmpBytesMax},nosuid,nodev tmp tmp`);
  lines.push(`mount -t tmpfs -o mode=1777,size=64m,nosuid,nodev shm dev/shm`, 'rmdir var/tmp', 'ln -s /tmp var/tmp');
  lines.push(`mount -t tmpfs -o mode=0755,size=1m,nosuid,nodev,noexec names run/cullis`);
  const shares = outermost(spec.share.flatMap(bothPaths)).filter((path) => !isBelow(path, '/usr'));
  for (const path of shares) lines.push(...bind(path, true, mounts));
  const hidden = outermost(spec.hide).filter((path) => shares.some((share) => isBelow(path, share)) && isFolder(path));
  for (const path of hidden)
    lines.push(`mount -t tmpfs -o mode=0555,size=64k,nr_inodes=64,nosuid,nodev,noexec hidden ${quote(`.${path}`)}`);
  // What may be written often lies inside what is hidden: data folders in the state folder. Only then is the cover closed.
  for (const path of spec.writable) lines.push(...bind(path, false, mounts));
  for (const path of hidden) lines.push(`mount -o remount,bind,ro,nosuid,nodev,noexec ${quote(`.${path}`)}`);
  return lines;
}

function bind(path: string, readOnly: boolean, mounts: readonly string[]): string[] {
  const at = quote(`.${path}`);
  const file = !statSync(path).isDirectory();
  const make = file ? [`mkdir -p ${quote(`.${dirname(path)}`)}`, `: > ${at}`] : [`mkdir -p ${at}`];
  const lines = [...make, `mount --rbind ${quote(path)} ${at}`];
  const flags = readOnly ? 'ro,nosuid,nodev' : 'nosuid,nodev';
  lines.push(`mount -o remount,bind,${flags} ${at}`);
  // A read-only mount does not reach the mounts below it.
  for (const point of mounts) {
    if (readOnly && point !== path && isBelow(point, path)) lines.push(`mount -o remount,bind,${flags} ${quote(`.${point}`)}`);
  }
  return lines;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** A path as it is spelled and as it really is: programs resolve links (Node does for every import). */
function bothPaths(path: string): string[] {
  const plain = normalize(path).replace(/(.)\/$/, '$1');
  if (!isAbsolute(plain) || plain === '/')
    throw new CullisError('config.invalid', `\`${path}\` cannot be shared with a workload`);
  if (!existsSync(plain)) throw new CullisError('config.unreadable', `no folder \`${path}\` to share with a workload`);
  return [plain, realpathSync(plain)];
}

function outermost(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && isBelow(path, other)));
}

/** Whether `path` is `folder` or lies below it. */
export function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

/** Where file systems are mounted now (proc_pid_mountinfo(5), field 5, octal escapes). */
function mountPoints(): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point !== '')
    .map((point) => point.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))));
}

/**
 * The first folder on the way from `root` down to `path` that another user may not enter or read; undefined when all may be.
 * What lies above `root` does not matter: a workload does not see it.
 */
export function unreadableFolder(root: string, path: string): string | undefined {
  const way = [path];
  for (let at = path; at !== root && isBelow(at, root); at = dirname(at)) way.unshift(dirname(at));
  return way.find((folder) => (statSync(folder).mode & 0o005) !== 0o005);
}

/** Folders that are nobody's project: homes, and what holds them. */
export function homeFolders(): string[] {
  try {
    return [homedir(), '/home', '/root'];
  } catch {
    // A user without an account and without HOME, as containers have them.
    return ['/home', '/root'];
  }
}

/**
 * The folder that a program at `path` may need as a whole: the outermost one above it that has a package.json or a .git, but no home
 * folder and not the root. A workspace's packages live above the package that uses them.
 */
export function projectRoot(path: string, homes: readonly string[]): string {
  let found = path;
  for (let at = path; at !== '/' && !homes.includes(at); at = dirname(at)) {
    if (existsSync(join(at, 'package.json')) || existsSync(join(at, '.git'))) found = at;
  }
  return found;
}
