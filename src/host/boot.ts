// From a fork to a workload's own machine: the script that pid 1 of a namespace runs, and the programs it needs there.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { networkScript } from './networks.ts';
import { type RootSpec, quote, rootScript } from './root.ts';
import type { Link, Tools } from './tools.ts';
import { watchWords } from './watch.ts';

export interface BootSpec extends RootSpec {
  readonly link: Link;
  readonly tools: Tools;
  readonly hostname: string;
  /** The workload's own address. */
  readonly ip: string;
  /** An empty folder to build the tree on. */
  readonly stage: string;
  /** Folder with the programs made by `preparePrograms`. */
  readonly programs: string;
  /** Contents of files to be written, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Text of the pid namespace outside, for init's guard. */
  readonly outerPidNamespace: string;
}

/**
 * The whole script. It fails as a whole (`set -e`); its words on stderr are the reason. Ends as pid 1 that waits for init and
 * reaps what is orphaned: sh waits for any child, Node only for its own.
 */
export function bootScript(spec: BootSpec, node: readonly string[]): string {
  const { tools, link } = spec;
  const lines = ['set -eu', 'umask 022', 'export PATH=/usr/sbin:/usr/bin:/sbin:/bin'];
  lines.push(
    `mount -t tmpfs -o mode=0755,size=8m,nr_inodes=16k,nosuid,nodev root ${quote(spec.stage)}`,
    `cd ${quote(spec.stage)}`,
  );
  lines.push(...rootScript(spec));
  lines.push(`mkdir -p cullis`, `cp ${quote(spec.programs)}/*.mjs cullis/`);
  for (const [path, text] of Object.entries(spec.files)) lines.push(`printf %s ${quotedText(text)} > ${quote(`.${path}`)}`);
  // Other processes of the namespace that are not the workload's (init, its parent) are invisible to it.
  lines.push('mount -t proc -o nosuid,nodev,noexec,hidepid=2 proc proc');
  lines.push('pivot_root . .old', 'cd /', 'umount -l /.old', 'rmdir /.old');
  // In a user namespace the kernel takes the name from the call only.
  lines.push(`hostname ${quote(spec.hostname)} 2>/dev/null || echo ${quote(spec.hostname)} > /proc/sys/kernel/hostname || true`);
  // Ports below 1024 are a matter of the host's services; here every port is the workload's own.
  lines.push('echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start || true');
  lines.push(...networkScript(link, spec.ip, tools), ...PROC_SCRIPT);
  lines.push('mount -o remount,bind,ro /');
  const watch = link === 'veth' ? watchWords(tools.perl, spec.ip) : [];
  const init = ['/cullis/init.mjs', spec.outerPidNamespace, link, tools.nsenter, tools.ip ?? '', JSON.stringify(watch)];
  lines.push(`${[...node, ...init].map(quote).join(' ')} &`, 'wait $!');
  return lines.join('\n');
}

/**
 * In a user namespace the workload is the user who owns its network, to whom the kernel lets the network's settings: read-only, they stay
 * as they are. Keys of the user's sessions outside are nobody's business.
 */
const PROC_SCRIPT = [
  'mount --bind /proc/sys /proc/sys',
  'mount -o remount,bind,ro,nosuid,nodev,noexec /proc/sys',
  'for file in /proc/keys /proc/key-users; do if [ -e $file ]; then mount --bind /dev/null $file; fi; done',
] as const;

/** printf's format is `%s`, so only the shell's own quoting matters; new lines are allowed here. */
function quotedText(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", `'\\''`)}'`;
}

/** What init consists of. They import each other and `node:` only. */
const PROGRAMS = ['init', 'init-listen', 'init-dns', 'init-inherited', 'init-routes', 'init-watch', 'raw'] as const;

/** Under way, by folder: many namespaces are made at the same time. */
const preparing = new Map<string, Promise<void>>();

/** Where a run keeps them: made once, used by every namespace. */
export function programsFolder(runFolder: string): string {
  return join(runFolder, 'programs');
}

/**
 * Writes init's programs into `folder` as plain JavaScript, once: without types to strip, each of the many inits starts in half the
 * time with a third less memory. The stripping is left to a process of its own, since Node announces that it is experimental.
 * @returns the folder
 */
export async function preparePrograms(folder: string): Promise<string> {
  if (existsSync(folder)) return folder;
  const work = preparing.get(folder) ?? writePrograms(folder).finally(() => preparing.delete(folder));
  preparing.set(folder, work);
  await work;
  return folder;
}

const STRIP = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { stripTypeScriptTypes } from 'node:module';
  const [from, to, ...names] = process.argv.slice(1);
  for (const name of names) {
    const plain = stripTypeScriptTypes(readFileSync(from + name + '.ts', 'utf8'));
    writeFileSync(to + name + '.mjs', plain.replace(/(from '\\.\\/[\\w-]+)\\.ts'/g, "$1.mjs'"), { mode: 0o644 });
  }`;

async function writePrograms(folder: string): Promise<void> {
  const making = `${folder}.new`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true, mode: 0o755 });
  const own = fileURLToPath(import.meta.url);
  const from = join(dirname(own), '/');
  if (extname(own) === '.ts') {
    const words = ['--no-warnings', '--input-type=module', '--eval', STRIP, '--', from, join(making, '/'), ...PROGRAMS];
    await promisify(execFile)(process.execPath, words, { env: {}, timeout: 20_000 });
  } else {
    for (const name of PROGRAMS) {
      const plain = await readFile(`${from}${name}.js`, 'utf8');
      await writeFile(join(making, `${name}.mjs`), plain.replace(/(from ['"]\.\/[\w-]+)\.js(?=['"])/g, '$1.mjs'), {
        mode: 0o644,
      });
    }
  }
  await rename(making, folder);
}
