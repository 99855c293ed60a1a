// Which addresses an outgoing fetch may reach. Everything that is not plainly a public unicast address is refused, in every spelling: an address is compared as
// bits, never as text (IANA special-purpose registries, RFC 6890).
import { BlockList, isIP } from 'node:net';
import { CullisError } from '#base/errors.ts';

/** IPv4 ranges that are not the public internet. */
const CLOSED_V4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier NAT; Alibaba's metadata service
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local; the metadata services of AWS, Google Cloud, Azure
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; Oracle's metadata service
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relay
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarking
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
];
/** Of IPv6 only global unicast is open, and of that not what carries an IPv4 address inside or is special. */
const OPEN_V6 = '2000::/3';
const CLOSED_V6 = [
  '2001::/23', // Teredo, ORCHID and other assignments
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address inside
  '3fff::/20', // documentation
];

function addSubnet(list: BlockList, cidr: string): void {
  const slash = cidr.lastIndexOf('/');
  const address = slash === -1 ? cidr : cidr.slice(0, slash);
  const family = isIP(address);
  const prefix = slash === -1 ? (family === 4 ? 32 : 128) : Number(cidr.slice(slash + 1));
  if (family === 0 || !/^\d{1,3}$/.test(String(prefix)) || prefix > (family === 4 ? 32 : 128)) {
    throw new CullisError('config.invalid', `\`${cidr}\` is neither an address range nor \`host:port\``);
  }
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}

function listOf(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) addSubnet(list, cidr);
  return list;
}

/** The IPv4 address inside `::ffff:a.b.c.d` (however it is written), which is what a socket would connect to. */
function unmapped(address: string): string {
  if (isIP(address) !== 6) return address;
  const canonical = new URL(`http://[${address.split('%')[0]!}]/`).hostname.slice(1, -1);
  const match = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (!match) return canonical;
  const [high, low] = [Number.parseInt(match[1]!, 16), Number.parseInt(match[2]!, 16)];
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** This machine, its link, and everybody at once: no exception opens them for a name. */
const NEVER = listOf([
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '224.0.0.0/3',
  '::/127',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::/32',
]);

/** Whether an address is loopback, link-local, multicast or a cloud's metadata service; true for what is no address. */
export function ownMachine(address: string): boolean {
  const plain = unmapped(address);
  const family = isIP(plain);
  return family === 0 || NEVER.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

export interface AddressGuard {
  /** Whether a fetch may connect to `address` (a resolved IP address) for `host` (as in the URL, lower case, without brackets) and `port`. */
  allows(host: string, address: string, port: number): boolean;
}

/**
 * @param allowPrivate exceptions: `host:port` (the URL's own host name and port), or an address range in CIDR form
 * @throws CullisError config.invalid for an entry that is neither
 */
export function addressGuard(allowPrivate: readonly string[] = []): AddressGuard {
  const closed = listOf([...CLOSED_V4, ...CLOSED_V6]);
  const openV6 = listOf([OPEN_V6]);
  const names = new Set<string>();
  const ranges = new BlockList();
  for (const entry of allowPrivate) {
    const named = /^\[?([^[\]/]+?)\]?:(\d{1,5})$/.exec(entry);
    if (named && isIP(entry) === 0) names.add(`${named[1]!.toLowerCase()}:${Number(named[2])}`);
    else addSubnet(ranges, entry);
  }
  return {
    allows(host, address, port) {
      const plain = unmapped(address);
      const family = isIP(plain);
      if (family === 0) return false;
      if (names.has(`${host}:${port}`)) return true;
      const kind = family === 4 ? 'ipv4' : 'ipv6';
      if (ranges.check(plain, kind)) return true;
      return !closed.check(plain, kind) && (family === 4 || openV6.check(plain, kind));
    },
  };
}
