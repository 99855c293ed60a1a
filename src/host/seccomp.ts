// A filter on system calls for workloads in namespaces. Network namespaces do not cover every kind of socket: a machine's hypervisor
// (AF_VSOCK) or Bluetooth is reached from any of them. So only the kinds that they do cover are left, and what could be used to get
// around the filter or to make new namespaces is closed as well. Installed by Perl, which every Debian has: Node and util-linux
// (before 2.41) cannot.

/** linux/filter.h, linux/seccomp.h, linux/audit.h. */
const LD_WORD = 0x20;
const AND = 0x54;
const JUMP = { equal: 0x15, atLeast: 0x35, anyBit: 0x45 } as const;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
/** struct seccomp_data; of an argument the lower half, which is all that the calls below look at. */
const OFFSET = { number: 0, arch: 4, arguments: [16, 24, 32] } as const;
const EPERM = 1;
const ENOSYS = 38;
const EPROTONOSUPPORT = 93;
const EAFNOSUPPORT = 97;

const AF = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;
const SOCK = { typeMask: 0xf, stream: 1, datagram: 2 } as const;
/** Chosen by the kernel, TCP, UDP, MPTCP (which Go's servers listen with). ICMP, SCTP, DCCP and others are nobody's here. */
const TRANSPORTS = [0, 6, 17, 262] as const;
/** The C library lists interfaces with it. All other netlink families talk to the kernel about more than this network. */
const NETLINK_ROUTE = 0;
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000;

interface Architecture {
  readonly audit: number;
  /** Column of the table of calls. */
  readonly column: 0 | 1;
  /** The first number of a second set of calls (x32), 0 when there is none. */
  readonly other: number;
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: { audit: 0xc000003e, column: 0, other: 0x40000000 },
  arm64: { audit: 0xc00000b7, column: 1, other: 0 },
};

type Numbers = readonly [x64: number, arm64: number];

/** Looked at by their arguments. */
const CALLS = {
  prctl: [157, 167],
  socket: [41, 198],
  socketpair: [53, 199],
  clone: [56, 220],
  setns: [308, 268],
} as const satisfies Readonly<Record<string, Numbers>>;

/**
 * As if the kernel did not have them, so that programs take the older way, which the filter sees: io_uring's rings open sockets that no
 * filter sees, and clone3's flags lie in memory that no filter reads.
 */
const UNKNOWN: Readonly<Record<string, Numbers>> = { io_uring_setup: [425, 425], clone3: [435, 435] };

/** EPERM. Most of them need rights that a workload lacks anyway: then this is the second lock. Numbers from 424 on are the same everywhere. */
const CLOSED: Readonly<Record<string, Numbers>> = {
  // New namespaces, other namespaces, mounts.
  unshare: [272, 97],
  setns: CALLS.setns,
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_tree_attr: [467, 467],
  // Files by number instead of by path; file systems as a whole.
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  // Other processes: their memory, their descriptors. In a user namespace the caretaker is the same user to the kernel.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // The kernel: its code, its log, tracing of it, keyrings (which no namespace divides).
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  syslog: [103, 116],
  // The machine.
  reboot: [169, 142],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
};

/** Number of setns(2) here, for the watcher (watch.ts), which is not under the filter; undefined for an architecture without a row. */
export function setnsNumber(arch: string = process.arch): number | undefined {
  const row = ARCHITECTURES[arch];
  return row && CALLS.setns[row.column];
}

type Target = 'allow' | 'closed' | 'unknown' | 'socket' | 'inet' | 'transport' | 'netlink' | 'clone';
interface Step {
  readonly code: number;
  readonly k: number;
  /** Where to go when the comparison holds; the next step otherwise. */
  readonly to?: Target;
}

const when = (code: number, k: number, to: Target): Step => ({ code, k, to });
const argument = (index: 0 | 1 | 2): Step => ({ code: LD_WORD, k: OFFSET.arguments[index] });
const refuse = (error: number): Step => ({ code: RETURN, k: ERRNO | error });

/** Each is jumped to from above; a block ends with a return or goes on into the next one. */
const BLOCKS: readonly (readonly [Target, readonly Step[]])[] = [
  [
    'socket',
    [
      argument(0),
      when(JUMP.equal, AF.inet, 'inet'),
      when(JUMP.equal, AF.inet6, 'inet'),
      when(JUMP.equal, AF.netlink, 'netlink'),
      when(JUMP.equal, AF.unix, 'allow'),
      refuse(EAFNOSUPPORT),
    ],
  ],
  [
    'inet',
    [
      argument(1),
      { code: AND, k: SOCK.typeMask },
      when(JUMP.equal, SOCK.stream, 'transport'),
      when(JUMP.equal, SOCK.datagram, 'transport'),
      refuse(EPERM),
    ],
  ],
  ['netlink', [argument(2), when(JUMP.equal, NETLINK_ROUTE, 'allow'), refuse(EPROTONOSUPPORT)]],
  ['transport', [argument(2), ...TRANSPORTS.map((one) => when(JUMP.equal, one, 'allow')), refuse(EPROTONOSUPPORT)]],
  ['clone', [argument(0), when(JUMP.anyBit, NEW_NAMESPACES, 'closed')]],
  ['allow', [{ code: RETURN, k: ALLOW }]],
  ['closed', [refuse(EPERM)]],
  ['unknown', [refuse(ENOSYS)]],
];

/** The filter as an array of `struct sock_filter`; undefined for an architecture without a row. */
export function seccompFilter(arch: string = process.arch): Buffer | undefined {
  const row = ARCHITECTURES[arch];
  if (!row) return undefined;
  const numbers = (calls: Readonly<Record<string, Numbers>>): number[] => Object.values(calls).map((each) => each[row.column]);
  const steps: Step[] = [
    { code: LD_WORD, k: OFFSET.arch },
    // Calls of another architecture (32 bits) have other numbers: none is known.
    when(JUMP.equal, row.audit, 'allow'),
    refuse(ENOSYS),
    { code: LD_WORD, k: OFFSET.number },
    ...(row.other === 0 ? [] : [when(JUMP.atLeast, row.other, 'unknown')]),
    ...numbers(UNKNOWN).map((number) => when(JUMP.equal, number, 'unknown')),
    when(JUMP.equal, CALLS.socket[row.column], 'socket'),
    when(JUMP.equal, CALLS.socketpair[row.column], 'socket'),
    when(JUMP.equal, CALLS.clone[row.column], 'clone'),
    ...numbers(CLOSED).map((number) => when(JUMP.equal, number, 'closed')),
    { code: RETURN, k: ALLOW },
  ];
  const places = new Map<Target, number>();
  for (const [name, block] of BLOCKS) {
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
  return [perl, '-e', INSTALL, '--', String(CALLS.prctl[ARCHITECTURES[process.arch]!.column]), filter.toString('hex')];
}
