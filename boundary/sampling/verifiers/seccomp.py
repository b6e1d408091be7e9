"""The system calls that a program in the sandbox may not make, as a filter that the kernel applies.

No new process, so that a fork bomb ends at its first fork and nothing stays behind; threads are allowed. No way to hold
memory outside the address space that the limits count, and none of the calls that reach into the workings of the kernel
or of other programs.
"""

import platform
import struct
from typing import NamedTuple

CLONE_THREAD = 0x00010000
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
# Offsets into struct seccomp_data, and the classic BPF operations needed (linux/seccomp.h, linux/bpf_common.h).
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
X32 = 0x40000000


class Machine(NamedTuple):
    """Numbers of system calls on a processor (asm/unistd.h)."""

    audit: int
    clone: int
    clone3: int
    refused: tuple[int, ...]


MACHINES = {
    # fork, vfork, unshare, setns, mount, umount2, pivot_root, ptrace, process_vm_readv, process_vm_writev,
    # memfd_create, memfd_secret, shmget, msgget, semget, keyctl, add_key, request_key, bpf, perf_event_open,
    # userfaultfd, io_uring_setup
    "x86_64": Machine(
        0xC000003E,
        56,
        435,
        (57, 58, 272, 308, 165, 166, 155, 101, 310, 311, 319, 447, 29, 68, 64, 250, 248, 249, 321, 298, 323, 425),
    ),
    # the same; fork and vfork do not exist there
    "aarch64": Machine(
        0xC00000B7,
        220,
        435,
        (97, 268, 40, 39, 41, 117, 270, 271, 279, 447, 194, 186, 190, 219, 217, 218, 280, 241, 282, 425),
    ),
}


def program_filter(machine: str | None = None) -> bytes | None:
    """The filter as bwrap's --seccomp reads it; None on a processor whose numbers are not known here."""
    known = MACHINES.get(machine or platform.machine())
    if known is None:
        return None
    steps = [
        _step(LOAD, MACHINE),
        _step(EQUAL, known.audit, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
        _step(AT_LEAST, X32, 0, 1),
        _step(RETURN, KILL),
        # glibc takes clone where clone3 is said not to exist, and clone's flags can be looked at.
        _step(EQUAL, known.clone3, 0, 1),
        _step(RETURN, REFUSE | ENOSYS),
    ]
    for number in known.refused:
        steps += [_step(EQUAL, number, 0, 1), _step(RETURN, REFUSE | EPERM)]
    steps += [
        _step(EQUAL, known.clone, 0, 3),
        _step(LOAD, FIRST_ARGUMENT),
        _step(ANY_BIT, CLONE_THREAD, 1, 0),
        _step(RETURN, REFUSE | EPERM),
        _step(RETURN, ALLOW),
    ]
    return b"".join(steps)


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)
