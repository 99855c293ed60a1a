// The two networks of a workload, as lines of sh for pid 1 of its namespaces.
import type { Link, Tools } from './tools.ts';
import { OUTSIDE_RANGE, SERVICE_RANGE } from './names.ts';
import { quote } from './root.ts';

/** Where the link's other end answers for all services: the link-local address that container networks use for it. */
const GATEWAY = '169.254.1.1';
/** Unique local addresses (RFC 4193) of the link's ends. IPv6 is there to be refused at once, not to be used. */
const IPV6 = { gateway: 'fd43:756c:6c69:7300::1', workload: 'fd43:756c:6c69:7300::2' } as const;
/** Locally administered. Known beforehand, neither end ever has to ask for the other. */
const MAC = { gateway: '02:00:00:00:00:01', workload: '02:00:00:00:00:02' } as const;

/** What is answered inside: the services of the mesh, and the stand-ins for hosts outside. */
const RANGES = [SERVICE_RANGE.text, OUTSIDE_RANGE.text] as const;

export function networkScript(link: Link, ip: string, tools: Tools): string[] {
  return link === 'veth' ? vethScript(ip, tools) : loScript(ip, tools);
}

/**
 * Two networks joined by a virtual cable: the workload's, and one that holds nothing but the service addresses and the sidecar's
 * listeners. Neither is joined to anything else. Apart, because a program that listens on port 8080 of every address and a listener
 * for a service on port 8080 cannot both be had in one network.
 *
 * Every address there is leads to the second network and is local there, so that whatever is tried ends at once where nobody listens:
 * TCP with a reset, UDP with an ICMP message. A program hangs on nothing, and what was tried can be seen (watch.ts). A packet that is
 * neither goes no further either: nothing is forwarded, and there is nowhere to.
 */
function vethScript(ip: string, { ip: tool, unshare, nsenter }: Tools): string[] {
  const services = `${nsenter} --net=/run/netns/services`;
  return [
    // No link-local addresses of the kernel's own making.
    write('default', 'addr_gen_mode', 1),
    ': > /run/netns/services',
    `${unshare} --net=/run/netns/services sh -c ${quote(ANSWERS.join('; '))}`,
    `${tool} -batch - <<'.'`,
    'link set lo up',
    `link add eth0 address ${MAC.workload} type veth peer name eth0 address ${MAC.gateway} netns services`,
    `addr add ${ip}/32 dev eth0`,
    'link set eth0 up',
    `route add ${GATEWAY} dev eth0 scope link`,
    `neigh add ${GATEWAY} lladdr ${MAC.gateway} dev eth0 nud permanent`,
    `route add default via ${GATEWAY} dev eth0`,
    '.',
    `${services} ${tool} -batch - <<'.'`,
    'link set lo up',
    // On lo a whole range is local.
    ...RANGES.map((range) => `addr add ${range} dev lo`),
    `addr add ${GATEWAY}/32 dev eth0`,
    'link set eth0 up',
    `route add ${ip}/32 dev eth0`,
    `neigh add ${ip} lladdr ${MAC.workload} dev eth0 nud permanent`,
    'route add local default dev lo table main',
    '.',
    'if [ -e /proc/sys/net/ipv6 ]; then {',
    `${tool} -batch - <<'.'`,
    ...ipv6End(IPV6.workload, IPV6.gateway, MAC.gateway),
    `route add default via ${IPV6.gateway} dev eth0`,
    '.',
    '} && {',
    `${services} ${tool} -batch - <<'.'`,
    ...ipv6End(IPV6.gateway, IPV6.workload, MAC.workload),
    'route add local ::/0 dev lo table main',
    '.',
    // Where IPv6 cannot be had like this there is none.
    `} || ${write('eth0', 'disable_ipv6', 1)}`,
    'fi',
  ];
}

function write(interfaceName: string, setting: string, value: number): string {
  const file = `/proc/sys/net/ipv6/conf/${interfaceName}/${setting}`;
  return `if [ -e ${file} ]; then echo ${value} > ${file}; fi`;
}

/** The services' network says no at once, each time (by default the kernel says it once a second), and answers no ping for others. */
const ANSWERS = [
  write('default', 'addr_gen_mode', 1),
  'set_to() { if [ -e /proc/sys/net/$2 ]; then echo $1 > /proc/sys/net/$2; fi; }',
  'set_to 0 ipv4/icmp_ratemask',
  'set_to 1 ipv4/icmp_echo_ignore_all',
  'set_to 0 ipv6/icmp/ratelimit',
  'set_to 1 ipv6/icmp/echo_ignore_all',
  'true',
] as const;

function ipv6End(own: string, other: string, otherMac: string): string[] {
  return [
    `addr add ${own}/128 dev eth0 nodad`,
    `route add ${other}/128 dev eth0`,
    `neigh add ${other} lladdr ${otherMac} dev eth0 nud permanent`,
  ];
}

/** One network with everything on its lo. A service on a port that the workload itself listens on cannot be reached then. */
function loScript(ip: string, { ip: tool, perl }: Tools): string[] {
  if (tool) {
    const ranges = RANGES.map((range) => `addr add ${range} dev lo`);
    return [`${tool} -batch - <<'.'`, 'link set lo up', ...ranges, `addr add ${ip}/32 dev lo`, '.'];
  }
  const ranges = RANGES.map((range) => `${range.replace(/\/.*/, '')} ${maskOf(range)}`);
  return [`${perl ?? 'perl'} -e ${quote(PERL_LO)} ${ip} 255.255.255.255 ${ranges.join(' ')}`];
}

function maskOf(range: string): string {
  const bits = Number(range.replace(/.*\//, ''));
  return [0, 8, 16, 24].map((at) => 256 - 2 ** Math.min(8, Math.max(0, 8 - (bits - at)))).join('.');
}

/** netdevice(7): SIOCGIFFLAGS, SIOCSIFFLAGS (IFF_UP), SIOCSIFADDR and SIOCSIFNETMASK on lo and on a label for each further address. */
const PERL_LO = [
  'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";',
  'sub up { my $n = shift; my $r = pack("a16 s x14", $n, 0); ioctl($s, 0x8913, $r) or die "flags: $!";',
  '  my ($f) = unpack("x16 s", $r); ioctl($s, 0x8914, pack("a16 s x14", $n, $f | 1)) or die "up: $!"; }',
  'sub put { my ($n, $c, $a) = @_; ioctl($s, $c, pack("a16 s n a4 x8", $n, AF_INET, 0, inet_aton($a))) or die "address: $!"; }',
  'up("lo"); my $i = 0; while (my ($a, $m) = splice(@ARGV, 0, 2)) { my $n = "lo:" . ++$i; put($n, 0x8916, $a); put($n, 0x891c, $m); }',
].join(' ');
