import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seccompFilter, setnsNumber } from './seccomp.ts';

const AUDIT: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const REFUSED: Readonly<Record<number, string>> = { 1: 'EPERM', 38: 'ENOSYS', 93: 'EPROTONOSUPPORT', 97: 'EAFNOSUPPORT' };

/** What a kernel does with a filter (linux/bpf_common.h), as far as these use it. */
function judge(filter: Buffer, audit: number, number: number, args: readonly number[] = []): string {
  const data = new Map([[0, number], [4, audit], ...args.map((value, i) => [16 + i * 8, value] as const)]);
  let word = 0;
  for (let at = 0; at < filter.length; at += 8) {
    const k = filter.readUInt32LE(at + 4);
    const holds = (yes: boolean): number => (yes ? filter[at + 2]! : filter[at + 3]!) * 8;
    switch (filter.readUInt16LE(at)) {
      case 0x20:
        word = (data.get(k) ?? 0) >>> 0;
        break;
      case 0x54:
        word &= k;
        break;
      case 0x15:
        at += holds(word === k);
        break;
      case 0x35:
        at += holds(word >= k);
        break;
      case 0x45:
        at += holds((word & k) !== 0);
        break;
      case 0x06:
        return k === 0x7fff0000 ? 'allow' : (REFUSED[k & 0xffff] ?? `${k}`);
      default:
        return assert.fail(`unknown instruction at ${at}`);
    }
  }
  return assert.fail('it ends without a decision');
}

const SOCKET = { x64: 41, arm64: 198 } as const;
const CLOEXEC_NONBLOCK = 0o2004000;

describe('the filter on system calls', () => {
  for (const arch of ['x64', 'arm64'] as const) {
    const filter = seccompFilter(arch)!;
    const call = (number: number, ...args: number[]): string => judge(filter, AUDIT[arch]!, number, args);

    it(`leaves the sockets that a network namespace covers (${arch})`, () => {
      const rows: readonly (readonly [family: number, type: number, protocol: number, want: string])[] = [
        [1, 1, 0, 'allow'],
        [1, 5, 0, 'allow'],
        [2, 1, 0, 'allow'],
        [2, 1 | CLOEXEC_NONBLOCK, 6, 'allow'],
        [10, 2 | CLOEXEC_NONBLOCK, 17, 'allow'],
        [10, 1, 262, 'allow'],
        [16, 3 | CLOEXEC_NONBLOCK, 0, 'allow'],
        // Raw, SOCK_PACKET, sequenced, ICMP, SCTP, UDP-Lite, and whatever comes with a type of its own.
        [2, 3, 1, 'EPERM'],
        [10, 3, 58, 'EPERM'],
        [2, 10, 3, 'EPERM'],
        [2, 5, 132, 'EPERM'],
        [2, 0, 0, 'EPERM'],
        [2, 2, 1, 'EPROTONOSUPPORT'],
        [10, 2, 58, 'EPROTONOSUPPORT'],
        [2, 1, 132, 'EPROTONOSUPPORT'],
        [2, 2, 136, 'EPROTONOSUPPORT'],
        // Audit, netfilter, uevents, generic netlink, sock_diag.
        ...[4, 6, 9, 12, 15, 16].map((protocol) => [16, 3, protocol, 'EPROTONOSUPPORT'] as const),
      ];
      for (const [family, type, protocol, want] of rows)
        assert.equal(call(SOCKET[arch], family, type, protocol), want, `socket(${family}, ${type}, ${protocol})`);
      for (let family = 0; family < 128; family++)
        if (![1, 2, 10, 16].includes(family)) assert.equal(call(SOCKET[arch], family, 1, 0), 'EAFNOSUPPORT', `family ${family}`);
    });

    it(`closes namespaces, mounts, other processes and the kernel (${arch})`, () => {
      const column = arch === 'x64' ? 0 : 1;
      const closed = {
        unshare: [272, 97],
        setns: [308, 268],
        mount: [165, 40],
        ptrace: [101, 117],
        process_vm_readv: [310, 270],
        pidfd_getfd: [438, 438],
        open_by_handle_at: [304, 265],
        bpf: [321, 280],
        perf_event_open: [298, 241],
        keyctl: [250, 219],
        syslog: [103, 116],
        open_tree_attr: [467, 467],
      } as const;
      for (const [name, numbers] of Object.entries(closed)) assert.equal(call(numbers[column]!), 'EPERM', name);
      for (const number of [425, 435]) assert.equal(call(number), 'ENOSYS', `${number}`);
      const clone = [56, 220][column]!;
      assert.equal(call(clone, 0x01200011), 'allow', 'fork');
      assert.equal(call(clone, 0x003d0f00), 'allow', 'a thread');
      for (const flag of [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
        assert.equal(call(clone, flag | 17), 'EPERM', flag.toString(16));
      // read, write, openat, execve, connect.
      for (const number of [
        [0, 63],
        [1, 64],
        [257, 56],
        [59, 221],
        [42, 203],
      ])
        assert.equal(call(number[column]!), 'allow');
      assert.equal(setnsNumber(arch), closed.setns[column]);
    });

    it(`knows no call of another architecture (${arch})`, () => {
      assert.equal(judge(filter, 0x40000003, 359), 'ENOSYS', 'i386');
      assert.equal(judge(filter, 0x40000028, 281), 'ENOSYS', 'arm');
      if (arch === 'x64') assert.equal(call(0x40000000 + 41, 40, 1, 0), 'ENOSYS', 'x32');
    });
  }

  it('is none where nobody wrote down the numbers', () => {
    assert.deepEqual([seccompFilter('riscv64'), setnsNumber('riscv64')], [undefined, undefined]);
  });
});
