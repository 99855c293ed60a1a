// What this machine can do, found out by doing it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Link, Tools } from './tools.ts';
import { seccompWords } from './seccomp.ts';
import { systemTool } from './tools.ts';

export type Isolation =
  | {
      readonly ok: true;
      readonly how: 'root' | 'userns';
      readonly link: Link;
      readonly tools: Tools;
      /** Whether workloads get a filter on system calls, see seccomp.ts. */
      readonly seccomp: boolean;
      /** Said to the user, '' when nothing is amiss. */
      readonly note: string;
    }
  | { readonly ok: false; readonly why: string };

const NEEDED = ['sh', 'unshare', 'nsenter', 'setpriv', 'mount', 'umount', 'pivot_root'] as const;
const TRY_TIMEOUT_MS = 10_000;

/**
 * Whether workloads can have namespaces of their own here. Really makes them once (about 20 ms) and lets them go.
 * `why` is a sentence for people with what to do about it.
 */
export function isolationAvailable(): Isolation {
  if (process.platform !== 'linux') return { ok: false, why: `namespaces are a feature of Linux, this is ${process.platform}` };
  const missing = NEEDED.filter((name) => systemTool(name) === undefined);
  if (missing.length > 0)
    return { ok: false, why: `missing ${missing.map((name) => `\`${name}\``).join(', ')} (package util-linux)` };
  const tools: Tools = {
    sh: systemTool('sh')!,
    unshare: systemTool('unshare')!,
    nsenter: systemTool('nsenter')!,
    setpriv: systemTool('setpriv')!,
    ip: systemTool('ip'),
    perl: systemTool('perl'),
    prlimit: systemTool('prlimit'),
  };
  if (!tools.ip && !tools.perl) return { ok: false, why: 'missing `ip` (package iproute2) to set up a network' };
  const how = process.getuid?.() === 0 ? 'root' : 'userns';
  const tried = attempt(how, tools);
  const seccomp = filterWorks(tools);
  const notes = seccomp
    ? []
    : [
        'system calls are not filtered (no perl, or the kernel lacks seccomp): a virtual machine reaches its hypervisor, and what is tried in vain is not seen',
      ];
  if (tried === '') return { ok: true, how, link: 'veth', tools, seccomp, note: notes.join('; ') };
  // The kernel may lack virtual cables where it has namespaces.
  const apart = tried.startsWith('network: ');
  if (apart && attempt(how, tools, true) === '') {
    notes.push(
      `${tools.ip ? 'no veth here' : '`ip` (package iproute2) is missing'}: a workload cannot call services on ports it listens on itself, and what it tries in vain is not seen`,
    );
    return { ok: true, how, link: 'lo', tools, seccomp, note: notes.join('; ') };
  }
  return { ok: false, why: explain(tried, how) };
}

/** @returns '' when it works, else what went wrong */
function attempt(how: 'root' | 'userns', tools: Tools, onlyLo = false): string {
  const script = [
    'set -eu',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    'mount -t tmpfs none /mnt',
    'mkdir /mnt/proc /mnt/old /mnt/usr',
    'mount --rbind /usr /mnt/usr',
    'mount -o remount,bind,ro,nosuid,nodev /mnt/usr',
    'mount -t proc -o nosuid,nodev,noexec,hidepid=2 proc /mnt/proc',
  ];
  if (!onlyLo)
    script.push(
      `{ ${tools.ip ?? 'false'} link add cullis0 type veth peer name cullis1; } || { echo network: no veth >&2; exit 1; }`,
    );
  const done = spawnSync(
    tools.unshare,
    [...namespaceFlags(how), '--fork', '--kill-child', '--', tools.sh, '-c', script.join('\n')],
    {
      env: {},
      encoding: 'utf8',
      timeout: TRY_TIMEOUT_MS,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  if (done.status === 0) return '';
  return done.error?.message ?? (done.stderr.trim().split('\n').at(-1) || `exit code ${done.status}`);
}

function filterWorks(tools: Tools): boolean {
  const [perl, ...words] = seccompWords(tools.perl);
  return (
    perl !== undefined &&
    spawnSync(perl, [...words, tools.sh, '-c', 'exit 0'], { env: {}, stdio: 'ignore', timeout: TRY_TIMEOUT_MS }).status === 0
  );
}

export function namespaceFlags(how: 'root' | 'userns'): string[] {
  const flags = ['--net', '--pid', '--mount', '--ipc', '--uts'];
  return how === 'root' ? flags : ['--user', '--map-root-user', ...flags];
}

function explain(tried: string, how: 'root' | 'userns'): string {
  if (how === 'root')
    return `root here lacks the right to make namespaces (${tried}); a container needs --privileged or CAP_SYS_ADMIN`;
  const setting = (path: string): string => {
    try {
      return readFileSync(path, 'latin1').trim();
    } catch {
      return '';
    }
  };
  if (setting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return `AppArmor keeps user namespaces from users here (${tried}); run as root`;
  }
  const off =
    setting('/proc/sys/kernel/unprivileged_userns_clone') === '0' || setting('/proc/sys/user/max_user_namespaces') === '0';
  return off
    ? `user namespaces are switched off for users here (${tried}); run as root`
    : `the kernel refused (${tried}); run as root`;
}
