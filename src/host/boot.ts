// From a fork to a workload's own machine: the script that pid 1 of a namespace runs, and the programs it needs there.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { OUTSIDE_RANGE, SERVICE_RANGE } from './names.ts';
import { type RootSpec, quote, rootScript } from './root.ts';

/** How the workload's network meets that of the service addresses. */
export type Link = 'veth' | 'lo';

export interface Tools {
  readonly sh: string;
  readonly unshare: string;
  readonly nsenter: string;
  readonly setpriv: string;
  /** iproute2, else Perl, which Debian always has, does what little is needed. */
  readonly ip: string | undefined;
  readonly perl: string | undefined;
  readonly prlimit: string | undefined;
}

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

/** Where the link's other end answers for all services: the link-local address that container networks use for it. */
const GATEWAY = '169.254.1.1';

/** What is answered inside: the services of the mesh, and the stand-ins for hosts outside. */
const RANGES = [SERVICE_RANGE.text, OUTSIDE_RANGE.text] as const;

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
  lines.push(...(link === 'veth' ? vethScript(spec.ip, tools) : loScript(spec.ip, tools)));
  lines.push('mount -o remount,bind,ro /');
  const init = ['/cullis/init.mjs', spec.outerPidNamespace, link, tools.nsenter, tools.ip ?? ''];
  lines.push(`${[...node, ...init].map(quote).join(' ')} &`, 'wait $!');
  return lines.join('\n');
}

/** printf's format is `%s`, so only the shell's own quoting matters; new lines are allowed here. */
function quotedText(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", `'\\''`)}'`;
}

/**
 * Two networks joined by a virtual cable: the workload's, and one that holds nothing but the service addresses and the sidecar's
 * listeners. Neither is joined to anything else. Apart, because a program that listens on port 8080 of every address and a listener
 * for a service on port 8080 cannot both be had in one network.
 */
function vethScript(ip: string, { ip: tool, unshare, nsenter }: Tools): string[] {
  const noIpv6 = 'if [ -e /proc/sys/net/ipv6 ]; then echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6; fi';
  return [
    noIpv6,
    ': > /run/netns/services',
    `${unshare} --net=/run/netns/services sh -c ${quote(noIpv6)}`,
    `${tool} -batch - <<'.'`,
    'link set lo up',
    'link add eth0 type veth peer name eth0 netns services',
    `addr add ${ip}/32 dev eth0`,
    'link set eth0 up',
    `route add ${GATEWAY} dev eth0 scope link`,
    ...RANGES.map((range) => `route add ${range} via ${GATEWAY} dev eth0`),
    '.',
    `${nsenter} --net=/run/netns/services ${tool} -batch - <<'.'`,
    'link set lo up',
    // On lo a whole range is local.
    ...RANGES.map((range) => `addr add ${range} dev lo`),
    `addr add ${GATEWAY}/32 dev eth0`,
    'link set eth0 up',
    `route add ${ip}/32 dev eth0`,
    '.',
  ];
}

/** One network with everything on its lo. A service on a port that the workload itself listens on cannot be reached then. */
function loScript(ip: string, { ip: tool, perl }: Tools): string[] {
  if (tool)
    return [
      `${tool} -batch - <<'.'`,
      'link set lo up',
      ...RANGES.map((range) => `addr add ${range} dev lo`),
      `addr add ${ip}/32 dev lo`,
      '.',
    ];
  return [
    `${perl ?? 'perl'} -e ${quote(PERL_LO)} ${ip} 255.255.255.255 ${SERVICE_RANGE.text.replace(/\/.*/, '')} 255.240.0.0 ${OUTSIDE_RANGE.text.replace(/\/.*/, '')} 255.255.0.0`,
  ];
}

/** netdevice(7): SIOCGIFFLAGS, SIOCSIFFLAGS (IFF_UP), SIOCSIFADDR and SIOCSIFNETMASK on lo and on a label for each further address. */
const PERL_LO = [
  'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";',
  'sub up { my $n = shift; my $r = pack("a16 s x14", $n, 0); ioctl($s, 0x8913, $r) or die "flags: $!";',
  '  my ($f) = unpack("x16 s", $r); ioctl($s, 0x8914, pack("a16 s x14", $n, $f | 1)) or die "up: $!"; }',
  'sub put { my ($n, $c, $a) = @_; ioctl($s, $c, pack("a16 s n a4 x8", $n, AF_INET, 0, inet_aton($a))) or die "address: $!"; }',
  'up("lo"); my $i = 0; while (my ($a, $m) = splice(@ARGV, 0, 2)) { my $n = "lo:" . ++$i; put($n, 0x8916, $a); put($n, 0x891c, $m); }',
].join(' ');

/** What init consists of. They import each other and `node:` only. */
const PROGRAMS = ['init', 'init-listen', 'init-dns', 'init-routes', 'raw'] as const;

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
