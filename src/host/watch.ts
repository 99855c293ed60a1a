// Seeing what a workload tries that leads nowhere: the kernel refuses it in the services' network (networks.ts), and a small program reads
// the refusals off the wire. In Perl, because Node has no packet sockets; every Debian has Perl. The filters run in the kernel, so that it
// sleeps through all that is allowed.
import { setnsNumber } from './seccomp.ts';

/** linux/filter.h */
const OP = {
  word: 0x20,
  half: 0x28,
  byte: 0x30,
  halfAtX: 0x48,
  wordAtX: 0x40,
  byteAtX: 0x50,
  xHeader: 0xb1,
  and: 0x54,
  equal: 0x15,
  atLeast: 0x35,
  ret: 0x06,
} as const;
/** Bytes of a packet that are looked at: both headers, and the headers inside an ICMP message. */
const BYTES = 128;
const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;
const FLAGS = { syn: 0x02, rstAck: 0x14, synAckMask: 0x12 } as const;

type Step = readonly [code: number, k: number] | readonly [code: number, k: number, yes: string, no: string] | string;

/** Labels are strings; a jump names two of them, '' being the next step. */
function assemble(steps: readonly Step[]): string {
  const labels = new Map<string, number>();
  let at = 0;
  for (const step of steps) {
    if (typeof step === 'string') labels.set(step, at);
    else at++;
  }
  const bytes = Buffer.alloc(at * 8);
  at = 0;
  for (const step of steps) {
    if (typeof step === 'string') continue;
    const [code, k, yes = '', no = ''] = step;
    const far = (label: string): number => (label === '' ? 0 : labels.get(label)! - at - 1);
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(far(yes), at * 8 + 2);
    bytes.writeUInt8(far(no), at * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, at * 8 + 4);
    at++;
  }
  return bytes.toString('hex');
}

const END: readonly Step[] = ['take', [OP.ret, BYTES], 'leave', [OP.ret, 0]];

/**
 * What comes back to the workload when nobody listens: a reset that answers a first segment (RFC 9293 section 3.10.7.1: its sequence number
 * is 0, and no established connection's is), or ICMP's `unreachable`.
 */
const REFUSALS: readonly Step[] = [
  [OP.half, 6],
  [OP.and, 0x1fff],
  [OP.equal, 0, '', 'leave'],
  [OP.xHeader, 0],
  [OP.byte, 9],
  [OP.equal, PROTOCOL.tcp, '', 'icmp'],
  [OP.byteAtX, 13],
  [OP.equal, FLAGS.rstAck, '', 'leave'],
  [OP.wordAtX, 4],
  [OP.equal, 0, 'take', 'leave'],
  'icmp',
  [OP.equal, PROTOCOL.icmp, '', 'leave'],
  [OP.byteAtX, 0],
  [OP.equal, 3, 'take', 'leave'],
  ...END,
];

/** What leaves the workload and is never answered: from an address that is not its own, to many at once, or neither TCP nor UDP. */
function strays(ip: string): readonly Step[] {
  return [
    [OP.word, 12],
    [OP.equal, Buffer.from(ip.split('.').map(Number)).readUInt32BE(), '', 'take'],
    [OP.word, 16],
    [OP.equal, 0xffffffff, 'take', ''],
    [OP.and, 0xf0000000],
    [OP.equal, 0xe0000000, 'take', ''],
    [OP.byte, 9],
    [OP.equal, PROTOCOL.tcp, 'leave', ''],
    [OP.equal, PROTOCOL.udp, 'leave', 'take'],
    ...END,
  ];
}

/** No service has an IPv6 address, so every first segment and every datagram is one that leads nowhere. What keeps the link up is not. */
const IPV6: readonly Step[] = [
  [OP.byte, 6],
  [OP.equal, 0, 'leave', ''],
  [OP.equal, PROTOCOL.icmpv6, 'icmp', ''],
  [OP.equal, PROTOCOL.tcp, '', 'take'],
  [OP.byte, 53],
  [OP.and, FLAGS.synAckMask],
  [OP.equal, FLAGS.syn, 'take', 'leave'],
  'icmp',
  [OP.byte, 40],
  [OP.atLeast, 128, '', 'leave'],
  [OP.atLeast, 130, 'leave', 'take'],
  ...END,
];

/**
 * packet(7), socket(7). Arguments: number of setns(2), then the three filters. One socket in the workload's network, then two in the other.
 * What is read at a time is gathered and told in lines `tcp 192.0.2.1 443 2` (protocol, address, port, count); after that it rests for a
 * fifth of a second, so that a flood is a flood for nobody else. As root it becomes nobody, whom no workload can signal. What the kernel had no room for, or what was too varied, is `more 17`.
 */
const WATCH = String.raw`
use strict; use Socket; $| = 1;
my ($setns, $refusals, $strays, $ipv6) = @ARGV;
sub tap {
  my ($ether, $hex) = @_;
  my $filter = pack("H*", $hex);
  socket(my $s, 17, SOCK_DGRAM, 0) or die "socket: $!\n";
  setsockopt($s, SOL_SOCKET, 26, pack("S x![P] P", length($filter) / 8, $filter)) or die "filter: $!\n";
  my $name = pack("a16 x24", "eth0");
  ioctl($s, 0x8933, $name) or die "eth0: $!\n";
  bind($s, pack("S n i S C C a8", 17, $ether, unpack("x16 i", $name), 0, 0, 0, "")) or die "bind: $!\n";
  return $s;
}
my @taps = ([tap(0x0800, $refusals), \&refusal]);
open(my $net, "<", "/run/netns/services") or die "services: $!\n";
syscall($setns, fileno($net), 0x40000000) == 0 or die "setns: $!\n";
close($net);
push @taps, [tap(0x0800, $strays), \&stray], [tap(0x86dd, $ipv6), \&ipv6];
$( = 65534; $) = "65534 65534"; ($<, $>) = (65534, 65534);
sub named { my ($p) = @_; return $p == 6 ? "tcp" : $p == 17 ? "udp" : "ip/$p"; }
sub ported { my ($p, $b, $at) = @_; return $p == 6 || $p == 17 ? unpack("n", substr($b, $at + 2, 2)) // 0 : 0; }
sub stray { my ($b) = @_; my ($h, $p, $to) = unpack("C x8 C x6 a4", $b); return named($p) . " " . inet_ntoa($to) . " " . ported($p, $b, 4 * ($h & 15)); }
sub refusal {
  my ($b) = @_;
  my ($h, $p, $from) = unpack("C x8 C x2 a4", $b);
  my $at = 4 * ($h & 15);
  return $p == 6 ? "tcp " . inet_ntoa($from) . " " . unpack("n", substr($b, $at, 2)) : stray(substr($b, $at + 8));
}
sub ipv6 { my ($b) = @_; my ($p, $to) = unpack("x6 C x17 a16", $b); return named($p) . " " . Socket::inet_ntop(AF_INET6, $to) . " " . ported($p, $b, 40); }
print "ready\n";
for (;;) {
  my $wait = "";
  vec($wait, fileno($_->[0]), 1) = 1 for @taps;
  select($wait, undef, undef, undef);
  my (%seen, $more); $more = 0;
  for my $tap (@taps) {
    my ($s, $read) = @$tap;
    for (my $n = 0; $n < 512 && defined recv($s, my $b, 128, 0x40); $n++) {
      next if length($b) < 28;
      my $what = eval { $read->($b) } // next;
      if (exists $seen{$what} || keys %seen < 64) { $seen{$what}++; } else { $more++; }
    }
    $more += (unpack("I2", getsockopt($s, 263, 6) // ""))[1] // 0;
  }
  print join("", map({ "$_ $seen{$_}\n" } keys %seen), $more ? "more $more\n" : "");
  select(undef, undef, undef, 0.2);
}`;

/** The command that watches, for a caretaker with rights over both networks; empty where it cannot be had. @param ip the workload's address */
export function watchWords(perl: string | undefined, ip: string): string[] {
  const setns = setnsNumber();
  if (perl === undefined || setns === undefined) return [];
  return [perl, '-e', WATCH, '--', String(setns), assemble(REFUSALS), assemble(strays(ip)), assemble(IPV6)];
}
