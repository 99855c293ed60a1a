// Ways out of the machine: addresses outside, the cloud's own, datagrams, and kinds of sockets that a network namespace does not cover.
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Knock, Place } from './targets.ts';

/** Of a network, and of a program. */
const TIMEOUT_MS = 500;
const PROGRAM_TIMEOUT_MS = 5_000;
const ABSTRACT_MAX = 50;

/** Where clouds hand out a machine's credentials: AWS and those who took its address, containers on AWS, Azure, Alibaba. */
export const METADATA: readonly Place[] = [
  { ip: '169.254.169.254', port: 80 },
  { ip: 'fd00:ec2::254', port: 80 },
  { ip: '169.254.170.2', port: 80 },
  { ip: '168.63.129.16', port: 80 },
  { ip: '100.100.100.200', port: 80 },
];
export const METADATA_NAME = 'metadata.google.internal';

/** A connection, and not a byte on it. */
export function knockTcp({ ip, port }: Place): Promise<Knock> {
  return dial({ host: ip, port });
}

/** A name, and a connection to where it leads. */
export async function knockName(name: string, port: number): Promise<Knock> {
  try {
    const { address } = await lookup(name);
    return await dial({ host: address, port });
  } catch (error) {
    return { reached: false, detail: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

function dial(where: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<Knock> {
  return new Promise((resolve) => {
    const socket = connect({ ...where, autoSelectFamily: false });
    const done = (reached: boolean, detail: string): void => {
      resolve({ reached, detail });
      socket.destroy();
    };
    socket.setTimeout(TIMEOUT_MS, () => done(false, 'no answer'));
    socket.on('connect', () => done(true, 'connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => done(false, error.code ?? error.message));
  });
}

/** `example.com`, type A (RFC 1035). */
const QUERY = Buffer.from('beef01000001000000000000076578616d706c6503636f6d0000010001', 'hex');

/** A question to a name server over UDP. */
export function knockUdp({ ip, port }: Place): Promise<Knock> {
  return new Promise((resolve) => {
    const socket = createSocket(ip.includes(':') ? 'udp6' : 'udp4');
    const done = (reached: boolean, detail: string): void => {
      clearTimeout(timer);
      resolve({ reached, detail });
      socket.close();
    };
    const timer = setTimeout(() => done(false, 'no answer'), TIMEOUT_MS);
    socket.once('message', (bytes) => done(true, `${bytes.length} bytes`));
    socket.once('error', (error: NodeJS.ErrnoException) => done(false, error.code ?? error.message));
    socket.connect(port, ip, () => socket.send(QUERY, () => {}));
  });
}

/** Packet, raw, hypervisor, Bluetooth, crypto; netlink to netfilter and to the list of everybody's sockets. */
const KINDS = '17,3,768 2,3,255 40,1,0 31,3,1 38,5,0 16,3,12 16,3,4';
const OPEN = `use Socket; print join(" ", grep { my ($f, $t, $p) = split /,/; socket(my $s, $f, $t, $p) } @ARGV)`;

/** Sockets that are not of this network alone. Perl asks, since Node cannot. */
export function openOtherSockets(): Knock | undefined {
  const { status, stdout } = spawnSync('/usr/bin/perl', ['-e', OPEN, ...KINDS.split(' ')], {
    encoding: 'utf8',
    timeout: PROGRAM_TIMEOUT_MS,
  });
  if (status !== 0) return undefined;
  const count = KINDS.split(' ').length;
  return stdout === ''
    ? { reached: false, detail: `none of ${count} kinds can be opened` }
    : { reached: true, detail: `family, type, protocol ${stdout}` };
}

/** A network namespace of one's own, and root in it: the first step of many escapes. */
export function makeNamespace(): Knock {
  const { status, stderr, error } = spawnSync('unshare', ['--user', '--map-root-user', '--net', 'true'], {
    encoding: 'utf8',
    timeout: PROGRAM_TIMEOUT_MS,
  });
  if (status === 0) return { reached: true, detail: 'root in a user namespace' };
  return { reached: false, detail: (error?.message ?? stderr).trim().slice(0, 120) };
}

/** Sockets without a file, which file permissions do not cover: those of the network can be listed. */
export async function knockAbstract(): Promise<Knock> {
  const names = [...readFileSync('/proc/net/unix', 'latin1').matchAll(/ @(\S+)$/gm)].map((found) => found[1]!);
  const knocks = await Promise.all(names.slice(0, ABSTRACT_MAX).map((name) => dial({ path: `\0${name}` })));
  const reached = knocks.filter((knock) => knock.reached).length;
  return { reached: reached > 0, detail: `${reached} of ${names.length} abstract sockets that can be seen` };
}
