"""System calls and sockets as C sees them: prints one JSON object, the kernel's word for each try."""
import ctypes
import errno
import json
import os
import platform
import socket

libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == 'aarch64'


def call(x64, arm64, *args):
    ctypes.set_errno(0)
    result = libc.syscall(arm64 if ARM else x64, *args)
    return 'open' if result >= 0 else errno.errorcode.get(ctypes.get_errno(), str(ctypes.get_errno()))


def opened(family, kind, protocol=0):
    ctypes.set_errno(0)
    fd = libc.socket(family, kind, protocol)
    if fd < 0:
        return errno.errorcode.get(ctypes.get_errno(), str(ctypes.get_errno()))
    os.close(fd)
    return 'open'


def attempt(work):
    try:
        return str(work())
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))


buffer = ctypes.create_string_buffer(256)
first = 1
caretaker = 2
seen = {
    'families': {str(family): opened(family, kind) for family in range(0, 64) for kind in (1, 2, 3, 5) if opened(family, kind) == 'open'},
    'raw': opened(2, 3, 255),
    'raw6': opened(10, 3, 58),
    'ping': opened(2, 2, 1),
    'sctp': opened(2, 1, 132),
    'netlink': {str(protocol): opened(16, 3, protocol) for protocol in range(0, 32) if opened(16, 3, protocol) == 'open'},
    'io_uring_setup': call(425, 425, 8, buffer),
    'clone3': call(435, 435, buffer, 88),
    'unshare': call(272, 97, 0x10000000 | 0x40000000),
    'setns': call(308, 268, 0, 0),
    'mount': call(165, 40, None, b'/tmp', b'tmpfs', 0, None),
    'open_tree': call(428, 428, -100, b'/', 1),
    'fsopen': call(430, 430, b'tmpfs', 0),
    'keyctl': call(250, 219, 0, -3, 1),
    'add_key': call(248, 217, b'user', b'x', b'y', 1, -3),
    'bpf': call(321, 280, 0, buffer, 48),
    'perf_event_open': call(298, 241, buffer, 0, -1, -1, 0),
    'userfaultfd': call(323, 282, 0),
    'open_by_handle_at': call(304, 265, -100, buffer, 0),
    'process_vm_readv': call(310, 270, first, None, 0, None, 0, 0),
    'ptrace': call(101, 117, 16, caretaker, 0, 0),
    'pidfd_getfd': call(438, 438, 0, 0, 0),
    'syslog': call(103, 116, 3, buffer, 256),
    'chroot': call(161, 51, b'/tmp'),
    'sysctl': attempt(lambda: open('/proc/sys/net/ipv4/ip_forward', 'w')),
    'core_pattern': attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w')),
    'sysrq': attempt(lambda: open('/proc/sysrq-trigger', 'w')),
    'kcore': attempt(lambda: open('/proc/kcore', 'rb')),
    'keys': attempt(lambda: open('/proc/keys').read()),
    'firstRoot': attempt(lambda: os.listdir('/proc/1/root')),
    'firstEnvironment': attempt(lambda: open('/proc/1/environ').read()),
    'caretakerMemory': attempt(lambda: open('/proc/%d/mem' % caretaker)),
    'sys': os.path.exists('/sys/kernel'),
    'others': [pid for pid in os.listdir('/proc') if pid.isdigit() and open('/proc/%s/cmdline' % pid).read().find('cullis') >= 0],
    'fds': sorted(int(fd) for fd in os.listdir('/proc/%d/fd' % os.getpid()))[:3],
    'environment': sorted(os.environ),
    'unixPeers': socket.socketpair()[0].family.name,
}
print(json.dumps(seen))
