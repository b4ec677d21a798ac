#!/usr/bin/env python3
"""What a thousand devices for a virtual hour cost: the scenario `thousand`.

usage: run.py [--kith-sim PATH] [--seed N] [--runs N]

Prints processor time (the median of the runs, which must all give the same trace hash), the peak of
memory, and what each part of the simulator and of the engine took of a further run under perf.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "bench/compare")]

from perf_shares import shares_of  # noqa: E402
from processes import Failed, Run  # noqa: E402

# The first that matches a symbol.
KINDS = [
    ("QUIC: ngtcp2", r"ngtcp2|ksl|ringbuf|pq_|conn_|strm_|rob_|rtb_|cc_|bbr|pkt"),
    ("QUIC: kith's endpoint", r"kith::quic"),
    ("TLS and encryption: wolfSSL", r"wc_|wolf|AES|Aes|aes_|gcm|GCM|ghash|GHASH|fe_|ge_|sp_|Sha|sha"
                                    r"|DoTls|Tls|Hmac|[Cc]ha[Cc]ha|curve25519|ed25519|25519"),
    ("BLAKE3: trace hash and files", r"blake3"),
    ("trace: canonical encoding", r"kith::trace"),
    ("checkers and page of the run", r"kith::sim::.*(Checker|Watch|Log|Once|Timers|Resources|Facts"
                                     r"|Amplification|Dials|Messages|Retries|Guess|Equals|Escape)"),
    ("network model: links, NATs, clock", r"kith::sim::(Network|Link|Nat|Timeline|IpTable|FlowTable"
                                          r"|Topology|PortMapping|ScheduledEvent)"),
    ("machines: disks, stores, devices", r"kith::sim"),
    ("engine, without QUIC", r"kith::"),
    ("clearing and copying", r"memset|memmove|memcpy|memcmp"),
    ("allocation", r"malloc|cfree|_int_|operator new|operator delete|arena|calloc|realloc"),
    ("kernel", r"^k:"),
    ("the rest", r""),
]


def main():
    arguments = parse_arguments()
    command = [arguments.kith_sim, "run", "thousand", "--seed", arguments.seed, "--json"]
    try:
        runs = [finished(command) for _ in range(arguments.runs)]
        hashes = {json.loads(run.text)["trace_hash"] for run in runs}
        if len(hashes) > 1:
            raise Failed(f"equal seeds gave different trace hashes: {sorted(hashes)}")
        print(f"thousand, seed {arguments.seed}, trace hash {hashes.pop()}")
        cpu = [run.cpu for run in runs]
        print(f"CPU s: {statistics.median(cpu):.1f} "
              f"({', '.join(f'{each:.1f}' for each in cpu)}); peak MiB: "
              f"{max(run.peak for run in runs) / 2**20:.0f}")
        if shutil.which("perf"):
            print_shares(command)
    except Failed as failure:
        sys.exit(f"thousand: {failure}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    built = Path(os.environ.get("KITH_BIN", TOP / "build/release/bin")) / "kith-sim"
    parser.add_argument("--kith-sim", type=Path, default=built, help=f"the program ({built})")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--runs", type=int, default=3)
    return parser.parse_args()


def finished(command):
    run = Run(command)
    run.finish()
    return run


def print_shares(command):
    with tempfile.TemporaryDirectory(prefix="kith-thousand.") as work:
        samples = Path(work) / "perf.data"
        finished(["perf", "record", "--quiet", "--freq", "500", "--output", samples, *command])
        shares = shares_of(samples, KINDS)
    for kind, _ in KINDS:
        print(f"{kind:38}{shares.get(kind, 0) * 100:6.1f} %")


if __name__ == "__main__":
    main()
