// Whose socket is at the other end of a loopback connection? The answer of plain mode to "may this process use this listener".
// It holds against other processes, also of the same user; it does not hold against one that can trace the workload itself.
import { closeSync, openSync, readSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { endianness } from 'node:os';
import { holdsSocket, processIds, processStat, processTree } from './proc.ts';

/** A connection as the accepting side sees it. */
export interface Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** Bounds of one question; beyond them the answer is no. */
export const TABLE_BYTES_MAX = 32 * 1024 * 1024;
export const DESCRIPTORS_MAX = 100_000;
const ROOTS_MAX = 256;

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'] as const;
/** include/net/tcp_states.h */
const LISTEN = '0A';

interface Tree {
  readonly startTicks: string;
  pids: readonly number[];
}

/** The trees last seen, by root: an answer is always checked against the descriptors themselves, so a stale tree can only miss. */
const trees = new Map<number, Tree>();

/**
 * Whether the peer of a connection on this machine is a process of the workload that `rootPid` leads: same session, or a descendant.
 * Denies in doubt: no /proc, unreadable, closed already, root gone, bounds exceeded. Linux only. Needs read access to /proc.
 */
export function socketBelongsTo(rootPid: number, connection: Connection): boolean {
  for (const { table, text } of peerNeedles(connection)) {
    const inode = findInode(table, text, undefined);
    if (inode !== undefined) return treeHolds(rootPid, inode);
  }
  return false;
}

/** Where the peer's end of a connection stands: a table of /proc, and what its line holds. */
export interface Needle {
  readonly table: (typeof TABLES)[number];
  readonly text: string;
}

/** Either side may use an IPv6 socket for an IPv4 address, so there may be two places to look. Empty for what is no address. */
export function peerNeedles({ localAddress, localPort, remoteAddress, remotePort }: Connection): Needle[] {
  const own = hexEnds(localAddress, localPort);
  return hexEnds(remoteAddress, remotePort).flatMap((peer, i) =>
    own[i] ? [{ table: tableOf(peer), text: `: ${peer} ${own[i]} ` }] : [],
  );
}

function tableOf(end: string): (typeof TABLES)[number] {
  return TABLES[end.length > 13 ? 1 : 0];
}

/** Whether what listens on `ip:port` (or on that port of every address) is a process of that workload. Denies in doubt. */
export function listenerBelongsTo(rootPid: number, ip: string, port: number): boolean {
  const inode = listenerInode(ip, port);
  return inode !== undefined && treeHolds(rootPid, inode);
}

/** Which process listens there, for people; undefined when none does or it may not be asked. */
export function listenerHolder(ip: string, port: number): number | undefined {
  const inode = listenerInode(ip, port);
  if (inode === undefined) return undefined;
  const budget = { left: DESCRIPTORS_MAX };
  return processIds().find((pid) => holdsSocket(pid, inode, budget));
}

function listenerInode(ip: string, port: number): string | undefined {
  const ends = [...hexEnds(ip, port), ...hexEnds('0.0.0.0', port), ...hexEnds('::', port)];
  for (const end of ends) {
    const inode = findInode(tableOf(end), `: ${end} `, LISTEN);
    if (inode !== undefined) return inode;
  }
  return undefined;
}

function treeHolds(rootPid: number, inode: string): boolean {
  const root = processStat(rootPid);
  if (!root) return false;
  const budget = { left: DESCRIPTORS_MAX };
  const known = trees.get(rootPid);
  const before = known?.startTicks === root.startTicks ? known.pids : [];
  // A pid of the remembered tree may be another process by now: the tree is asked anew for whoever holds the socket.
  for (const pid of before) if (holdsSocket(pid, inode, budget) && descends(pid, rootPid)) return true;
  const pids = processTree(rootPid);
  trees.delete(rootPid);
  trees.set(rootPid, { startTicks: root.startTicks, pids });
  if (trees.size > ROOTS_MAX) trees.delete(trees.keys().next().value!);
  return pids.some((pid) => holdsSocket(pid, inode, budget));
}

function descends(pid: number, rootPid: number): boolean {
  for (let depth = 0, at = pid; depth < 64 && at > 1; depth++) {
    if (at === rootPid) return true;
    const stat = processStat(at);
    if (!stat) return false;
    if (stat.session === rootPid) return true;
    at = stat.ppid;
  }
  return false;
}

/** `0100007F:1F90` as /proc/net/tcp writes an end; for IPv4 also the mapped form, since either side may use an IPv6 socket. */
function hexEnds(address: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  if (isIPv4(mapped)) {
    const bytes = mapped.split('.').map(Number);
    const v6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes];
    return [hexWords(bytes) + suffix, hexWords(v6) + suffix];
  }
  return isIPv6(mapped) ? [hexWords(ipv6Bytes(mapped)) + suffix] : [];
}

/** Each 32-bit word is printed as the number the machine sees. */
function hexWords(bytes: readonly number[]): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4) {
    const word = bytes.slice(i, i + 4);
    if (endianness() === 'LE') word.reverse();
    for (const byte of word) text += byte.toString(16).toUpperCase().padStart(2, '0');
  }
  return text;
}

function ipv6Bytes(address: string): number[] {
  const plain = address.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    return `${((Number(a) << 8) | Number(b)).toString(16)}:${((Number(c) << 8) | Number(d)).toString(16)}`;
  });
  const [head, tail] = plain.split('::');
  const groups = (part: string | undefined): number[] => (part ? part.split(':').map((group) => Number.parseInt(group, 16)) : []);
  const left = groups(head);
  const right = groups(tail);
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => 0);
  return [...left, ...middle, ...right].flatMap((group) => [group >> 8, group & 255]);
}

/** The line of a table whose `: ` before the local address is at `at`. The inode is undefined when no process holds the socket any more. */
export function readLine(text: string, at: number): { readonly state: string; readonly inode: string | undefined } {
  // local, remote, state, queues, timer, retransmits, uid, timeout, inode
  const fields = text.slice(at + 2, text.indexOf('\n', at)).split(/ +/);
  return { state: fields[2] ?? '', inode: fields[8] && fields[8] !== '0' ? fields[8] : undefined };
}

/**
 * Inode of the first line that holds `needle`; undefined when there is none or the socket is no longer held by a process (inode 0).
 * The table is read in pieces and left as soon as the line is there.
 */
function findInode(table: string, needle: string, state: string | undefined): string | undefined {
  let file: number;
  try {
    file = openSync(table, 'r');
  } catch {
    return undefined;
  }
  try {
    const buffer = Buffer.allocUnsafe(64 * 1024);
    let rest = '';
    for (let total = 0; total < TABLE_BYTES_MAX;) {
      const size = readSync(file, buffer, 0, buffer.length, null);
      if (size === 0) return undefined;
      total += size;
      const text = rest + buffer.toString('latin1', 0, size);
      const end = text.lastIndexOf('\n');
      for (let at = text.indexOf(needle); at !== -1 && at < end; at = text.indexOf(needle, at + 1)) {
        const line = readLine(text, at);
        if (state === undefined || line.state === state) return line.inode;
      }
      rest = text.slice(end + 1);
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}
