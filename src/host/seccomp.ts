// A filter on system calls for workloads in namespaces. Network namespaces do not cover every kind of socket: a machine's hypervisor
// (AF_VSOCK) or Bluetooth is reached from any of them. So only the kinds that they do cover are left, and what could be used to get
// around the filter or to make new namespaces is closed as well. Installed by Perl, which every Debian has: Node and util-linux
// (before 2.41) cannot.

/** linux/filter.h, linux/seccomp.h, linux/audit.h. */
const LD_WORD = 0x20;
const JUMP = { equal: 0x15, atLeast: 0x35, anyBit: 0x45 } as const;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const OFFSET = { number: 0, arch: 4, firstArgument: 16 } as const;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: each belongs to a network namespace or to the file system. */
const FAMILIES = [1, 2, 10, 16] as const;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000;

/** Calls with the same number everywhere (424 upwards). */
const COMMON = {
  io_uring_setup: 425,
  open_tree: 428,
  move_mount: 429,
  fsopen: 430,
  fsconfig: 431,
  fsmount: 432,
  fspick: 433,
  clone3: 435,
  mount_setattr: 442,
};

interface Architecture {
  readonly audit: number;
  readonly prctl: number;
  readonly socket: number;
  readonly socketpair: number;
  readonly clone: number;
  /** Closed with EPERM: new namespaces, mounts, kernel code, keyrings (which no namespace divides), tracing of the kernel. */
  readonly closed: readonly number[];
  /** The first number of a second set of calls (x32), 0 when there is none. */
  readonly other: number;
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000003e,
    prctl: 157,
    socket: 41,
    socketpair: 53,
    clone: 56,
    // mount umount2 pivot_root unshare setns bpf perf_event_open userfaultfd add_key request_key keyctl
    // kexec_load kexec_file_load init_module finit_module delete_module
    closed: [165, 166, 155, 272, 308, 321, 298, 323, 248, 249, 250, 246, 320, 175, 313, 176],
    other: 0x40000000,
  },
  arm64: {
    audit: 0xc00000b7,
    prctl: 167,
    socket: 198,
    socketpair: 199,
    clone: 220,
    closed: [40, 39, 41, 97, 268, 280, 241, 282, 217, 218, 219, 104, 294, 105, 273, 106],
    other: 0,
  },
};

type Target = 'allow' | 'closed' | 'unknown' | 'family' | 'socket' | 'clone';
interface Step {
  readonly code: number;
  readonly k: number;
  /** Where to go when the comparison holds; the next step otherwise. */
  readonly to?: Target;
}

/** The filter as an array of `struct sock_filter`; undefined for an architecture without a row. */
export function seccompFilter(arch: string = process.arch): Buffer | undefined {
  const row = ARCHITECTURES[arch];
  if (!row) return undefined;
  const when = (code: number, k: number, to: Target): Step => ({ code, k, to });
  const main: Step[] = [
    { code: LD_WORD, k: OFFSET.arch },
    // Calls of another architecture (32 bits) have other numbers: none is known.
    when(JUMP.equal, row.audit, 'allow'),
    { code: RETURN, k: ERRNO | ENOSYS },
    { code: LD_WORD, k: OFFSET.number },
    ...(row.other === 0 ? [] : [when(JUMP.atLeast, row.other, 'unknown')]),
    // Its rings open sockets that no filter sees, and clone3's flags lie in memory that no filter reads: both have older ways that do.
    when(JUMP.equal, COMMON.io_uring_setup, 'unknown'),
    when(JUMP.equal, COMMON.clone3, 'unknown'),
    when(JUMP.equal, row.socket, 'socket'),
    when(JUMP.equal, row.socketpair, 'socket'),
    when(JUMP.equal, row.clone, 'clone'),
    ...row.closed.map((number) => when(JUMP.equal, number, 'closed')),
    ...[
      COMMON.open_tree,
      COMMON.move_mount,
      COMMON.fsopen,
      COMMON.fsconfig,
      COMMON.fsmount,
      COMMON.fspick,
      COMMON.mount_setattr,
    ].map((number) => when(JUMP.equal, number, 'closed')),
    { code: RETURN, k: ALLOW },
  ];
  const blocks: readonly (readonly [Target, readonly Step[]])[] = [
    ['socket', [{ code: LD_WORD, k: OFFSET.firstArgument }, ...FAMILIES.map((family) => when(JUMP.equal, family, 'allow'))]],
    ['family', [{ code: RETURN, k: ERRNO | EAFNOSUPPORT }]],
    ['clone', [{ code: LD_WORD, k: OFFSET.firstArgument }, when(JUMP.anyBit, NEW_NAMESPACES, 'closed')]],
    ['allow', [{ code: RETURN, k: ALLOW }]],
    ['closed', [{ code: RETURN, k: ERRNO | EPERM }]],
    ['unknown', [{ code: RETURN, k: ERRNO | ENOSYS }]],
  ];
  const steps = [...main];
  const places = new Map<Target, number>();
  for (const [name, block] of blocks) {
    places.set(name, steps.length);
    steps.push(...block);
  }
  const bytes = Buffer.alloc(steps.length * 8);
  steps.forEach(({ code, k, to }, i) => {
    // Only the architecture's test goes on by jumping over one step.
    const far = to === undefined ? 0 : i === 1 ? 1 : places.get(to)! - i - 1;
    bytes.writeUInt16LE(code, i * 8);
    bytes.writeUInt8(far, i * 8 + 2);
    bytes.writeUInt32LE(k >>> 0, i * 8 + 4);
  });
  return bytes;
}

/** prctl(2): PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP with SECCOMP_MODE_FILTER and a struct sock_fprog; then the program itself. */
const INSTALL = [
  'my ($prctl, $hex) = splice(@ARGV, 0, 2); my $filter = pack("H*", $hex);',
  'my $program = pack("S x![P] P", length($filter) / 8, $filter);',
  'syscall($prctl, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!\\n";',
  'syscall($prctl, 22, 2, $program) == 0 or die "seccomp: $!\\n";',
  'exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\\n";',
].join(' ');

/** Words before a command that put it under the filter; empty when there is none for this machine. @param perl its path */
export function seccompWords(perl: string | undefined): string[] {
  const filter = seccompFilter();
  if (perl === undefined || !filter) return [];
  return [perl, '-e', INSTALL, '--', String(ARCHITECTURES[process.arch]!.prctl), filter.toString('hex')];
}
