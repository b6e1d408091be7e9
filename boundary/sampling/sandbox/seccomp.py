"""The system calls that a program in the sandbox may not make, as a filter that the kernel applies.

No new process, so that a fork bomb ends at its first fork and nothing stays behind; threads are allowed. No way to hold
memory outside the address space that the limits count, and none of the calls that reach into the workings of the kernel
or of other programs. Sockets only of the families that a network namespace keeps in: AF_VSOCK reaches the host of a
virtual machine from any namespace, and AF_NETLINK, AF_ALG and others reach into the kernel.
"""

import platform
import struct
from typing import NamedTuple

CLONE_THREAD = 0x00010000
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
# AF_UNIX, AF_INET, AF_INET6.
FAMILIES = (1, 2, 10)
# Offsets into struct seccomp_data, and the classic BPF operations needed (linux/seccomp.h, linux/bpf_common.h).
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
X32 = 0x40000000


class Machine(NamedTuple):
    """Numbers of system calls on a processor (asm/unistd.h)."""

    audit: int
    clone: int
    clone3: int
    sockets: tuple[int, int]
    refused: tuple[int, ...]


MACHINES = {
    # processes: fork, vfork; namespaces and file systems: unshare, setns, mount, umount2, pivot_root, chroot,
    # open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr, open_by_handle_at, quotactl, swapon,
    # swapoff;
    # other programs: ptrace, process_vm_readv, process_vm_writev, process_madvise, pidfd_getfd, kcmp;
    # memory: memfd_create, memfd_secret, shmget, msgget, semget, mq_open; keys: keyctl, add_key, request_key;
    # the kernel: bpf, perf_event_open, userfaultfd, io_uring_setup, io_uring_enter, io_uring_register, fanotify_init,
    # init_module, finit_module, delete_module, kexec_load, kexec_file_load, reboot, syslog, acct, vhangup, personality,
    # settimeofday, adjtimex, clock_settime, clock_adjtime; and on x86_64 modify_ldt, iopl, ioperm
    "x86_64": Machine(
        0xC000003E,
        56,
        435,
        (41, 53),
        (
            *(57, 58, 272, 308, 165, 166, 155, 161, 428, 429, 430, 431, 432, 433, 442, 304, 179, 167, 168),
            *(101, 310, 311, 440, 438, 312, 319, 447, 29, 68, 64, 240, 250, 248, 249),
            *(321, 298, 323, 425, 426, 427, 300, 175, 313, 176, 246, 320, 169, 103, 163, 153, 135),
            *(164, 159, 227, 305, 154, 172, 173),
        ),
    ),
    # the same; fork, vfork and those of x86_64 alone do not exist there
    "aarch64": Machine(
        0xC00000B7,
        220,
        435,
        (198, 199),
        (
            *(97, 268, 40, 39, 41, 51, 428, 429, 430, 431, 432, 433, 442, 265, 60, 224, 225),
            *(117, 270, 271, 440, 438, 272, 279, 447, 194, 186, 190, 180, 219, 217, 218),
            *(280, 241, 282, 425, 426, 427, 262, 105, 273, 106, 104, 294, 142, 116, 89, 58, 92),
            *(170, 171, 112, 266),
        ),
    ),
}


def program_filter(machine: str | None = None) -> bytes | None:
    """The filter as bwrap's --seccomp reads it; None on a processor whose numbers are not known here."""
    numbers = MACHINES.get(machine or platform.machine())
    if numbers is None:
        return None
    steps = [
        _step(LOAD, MACHINE),
        _step(EQUAL, numbers.audit, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
        _step(AT_LEAST, X32, 0, 1),
        _step(RETURN, KILL),
        # glibc takes clone where clone3 is said not to exist, and clone's flags can be looked at.
        _step(EQUAL, numbers.clone3, 0, 1),
        _step(RETURN, REFUSE | ENOSYS),
    ]
    for number in numbers.refused:
        steps += [_step(EQUAL, number, 0, 1), _step(RETURN, REFUSE | EPERM)]
    for number in numbers.sockets:
        steps += [_step(EQUAL, number, 0, len(FAMILIES) + 3), _step(LOAD, FIRST_ARGUMENT)]
        steps += [_step(EQUAL, family, len(FAMILIES) - place) for place, family in enumerate(FAMILIES)]
        steps += [_step(RETURN, REFUSE | EAFNOSUPPORT), _step(RETURN, ALLOW)]
    steps += [
        _step(EQUAL, numbers.clone, 0, 3),
        _step(LOAD, FIRST_ARGUMENT),
        _step(ANY_BIT, CLONE_THREAD, 1, 0),
        _step(RETURN, REFUSE | EPERM),
        _step(RETURN, ALLOW),
    ]
    return b"".join(steps)


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)
