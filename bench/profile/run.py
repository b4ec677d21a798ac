#!/usr/bin/env python3
"""Where the processor time of a transfer goes: one file by `kith send` under perf, both sides.

usage: run.py [--link NAME] [--kith PATH] [--mib N] [--directory DIR]

Prints nanoseconds of processor time per byte for each kind of work, as perf's samples divide what
the process used. The links are those of bench/compare. perf may need root.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "bench/compare")]

from links import LINKS  # noqa: E402
from perf_shares import shares_of  # noqa: E402
from processes import Failed, Run, run_both  # noqa: E402
from tools import KithTool, Listener  # noqa: E402

# The first that matches a symbol; the kernel's come first, by its own names.
KINDS = [
    ("encryption: AES-GCM", r"AES|aes_|gcm|ghash"),
    ("hashing: BLAKE3", r"blake3"),
    ("kernel: copying", r"^k:.*(rep_movs|copy_user|copy_to|copy_from|_copy|memcpy|csum)"),
    ("kernel: pages of buffers and files",
     r"^k:.*(page|folio|fault|vma|mm_|alloc|free|lru|charge|clear|shmem|tlb|rcu|memset|pte|pmd)"),
    ("kernel: sockets and the rest", r"^k:"),
    ("buffers: clearing and copying", r"memset|memmove|memcpy"),
    ("allocation", r"malloc|cfree|_int_|operator new|operator delete|arena"),
    ("QUIC: ngtcp2", r"ngtcp2|ksl|ringbuf|pq_|conn_|strm_|rob_|rtb_|cc_|bbr|pkt"),
    ("kith and Asio", r""),
]


def main():
    arguments = parse_arguments()
    if not shutil.which("perf"):
        sys.exit("profile: install linux-perf first")
    work = Path(tempfile.mkdtemp(prefix="kith-profile.", dir=arguments.directory))
    link = LINKS[arguments.link]()
    try:
        profile(arguments, link, work)
    except Failed as failure:
        sys.exit(f"profile: {failure}")
    finally:
        link.close()
        shutil.rmtree(work)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    built = Path(os.environ.get("KITH_BIN", TOP / "build/release/bin")) / "kith"
    parser.add_argument("--link", choices=LINKS, default="loopback", help="where (loopback)")
    parser.add_argument("--kith", type=Path, default=built, help=f"the program ({built})")
    parser.add_argument("--mib", type=int, default=1024, help="size of the file (1024)")
    parser.add_argument("--directory", type=Path, default=Path("/dev/shm"))
    return parser.parse_args()


def profile(arguments, link, work):
    source = work / "file.bin"
    with open(source, "wb") as file:
        for _ in range(arguments.mib):
            file.write(os.urandom(1 << 20))
    kith = KithTool(arguments.kith, link, work, source)
    perf = ["perf", "record", "--quiet", "--freq", "4000", "--output"]
    receiver = Listener([*perf, work / "receiver.perf", *kith.command(
        "receiver", "receive", "--once", "--accept", "all", "--listen", f"{link.address}:0",
        "--inbox", kith.inbox)])
    sender = run_both(receiver, lambda: Run([*perf, work / "sender.perf", *kith.command(
        "sender", "send", source, "--to", kith.receiver_id,
        "--at", receiver.first("listening")["addresses"][0])]))
    size = arguments.mib << 20
    sides = {"sender": sender, "receiver": receiver}
    shares = {side: shares_of(work / f"{side}.perf", KINDS) for side in sides}
    print(f"{arguments.mib} MiB, {link.name}: ns of processor time per byte")
    print(f"{'':38}{'sender':>10}{'receiver':>10}")
    for kind, _ in KINDS:
        cells = (shares[side].get(kind, 0) * sides[side].cpu * 1e9 / size for side in sides)
        print(f"{kind:38}" + "".join(f"{cell:10.2f}" for cell in cells))
    print(f"{'all':38}" + "".join(f"{run.cpu * 1e9 / size:10.2f}" for run in sides.values()))


if __name__ == "__main__":
    main()
