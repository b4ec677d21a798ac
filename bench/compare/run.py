#!/usr/bin/env python3
"""One file by `kith send`, rsync and scp over ssh, and plain TCP, from one process to another.

usage: run.py [--link NAME...] [--kith PATH] [--mib N] [--runs N] [--directory DIR] [--overwrite]

The links are loopback, a virtual cable between two network namespaces with an MTU of 1500 (veth),
and the same without the offloads that let the kernel pass larger pieces through it (veth-plain).
The last two need root.

All files lie on one tmpfs: the source stays in memory, and each tool writes its own output there.
Runs are interleaved (one of each per round, the order rotating), after a round that does not count.
ssh runs with aes128-gcm@openssh.com against a server started here, on a port of its own with keys
made for it. Plain TCP (socat) is no peer but the limit: nothing is encrypted or checked.

Wall time is that of the whole sending process, from its start to its exit: for kith with opening
the home and the handshake, for ssh with authentication. The receiving side (kith receive, sshd)
already runs. "inside" is what kith itself reports: from reading the source to the receiver's word
that the file is durable. CPU is user and system time of all processes of a side; memory is the
peak resident size of its largest process.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from links import LINKS
from processes import Failed
from tools import KithTool, RsyncTool, ScpTool, SshServer, TcpTool

# Addresses are given: nothing is looked for on any network.
os.environ["KITH_NO_MDNS"] = os.environ["KITH_NO_DHT"] = "1"

TOP = Path(__file__).resolve().parents[2]
TMPFS_MAGIC = 0x01021994


def main():
    arguments = parse_arguments()
    ensure_tools()
    check_place(arguments)
    print(f"{arguments.mib} MiB on {arguments.directory}, outputs "
          f"{'overwritten by the others' if arguments.overwrite else 'new for every run'}; "
          f"{arguments.runs} interleaved runs, {os.cpu_count()} processors")
    print("CPU and memory: sending side + receiving side")
    for name in arguments.link:
        work = Path(tempfile.mkdtemp(prefix="kith-compare.", dir=arguments.directory))
        try:
            link = LINKS[name]()
            try:
                report(arguments, link, compare(arguments, link, work))
            finally:
                link.close()
        except (Failed, subprocess.CalledProcessError) as failure:
            sys.exit(f"compare: {failure}")
        finally:
            shutil.rmtree(work)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    built = Path(os.environ.get("KITH_BIN", TOP / "build/release/bin")) / "kith"
    parser.add_argument("--link", nargs="+", choices=LINKS, default=["loopback"],
                        help="where (loopback)")
    parser.add_argument("--kith", type=Path, default=built, help=f"the program ({built})")
    parser.add_argument("--mib", type=int, default=1024, help="size of the file (1024)")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each tool (5)")
    parser.add_argument("--directory", type=Path, default=Path("/dev/shm"),
                        help="a tmpfs (/dev/shm)")
    parser.add_argument("--overwrite", action="store_true",
                        help="let the others write over their last output, which saves them the "
                             "allocation of memory; kith never overwrites")
    return parser.parse_args()


def ensure_tools():
    needed = ("scp", "rsync", "ssh-keygen", "socat", "ethtool", "ip", "b3sum")
    if not all(map(shutil.which, needed)) or not Path("/usr/sbin/sshd").exists():
        subprocess.run([TOP / ".dev/packages.sh", "bench"], check=True)


def check_place(arguments):
    kind = subprocess.run(["stat", "-f", "-c", "%t", arguments.directory], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    if int(kind, 16) != TMPFS_MAGIC:
        print(f"compare: {arguments.directory} is not a tmpfs: a disk is measured too")
    needed = (arguments.mib << 20) * 6
    if shutil.disk_usage(arguments.directory).free < needed:
        sys.exit(f"compare: {arguments.directory} has no room for {needed >> 20} MiB")


def compare(arguments, link, work):
    source = work / "file.bin"
    with open(source, "wb") as file:
        for _ in range(arguments.mib):
            file.write(os.urandom(1 << 20))
    kith = KithTool(arguments.kith, link, work, source)
    server = SshServer(link, work)
    try:
        tools = [kith, RsyncTool(server, work, source), ScpTool(server, work, source),
                 TcpTool(link, work, source)]
        results = {tool.name: [] for tool in tools}
        for number in range(arguments.runs + 1):
            for index in range(len(tools)):
                tool = tools[(number + index) % len(tools)]
                if tool is kith or not arguments.overwrite:
                    tool.output.unlink(missing_ok=True)
                result = tool.run()
                if tool.output.stat().st_size != source.stat().st_size:
                    raise Failed(f"{tool.name} wrote {tool.output.stat().st_size} bytes")
                if number > 0:
                    results[tool.name].append(result)
        expected = digest(source)
        for tool in tools:
            if digest(tool.output) != expected:
                raise Failed(f"{tool.name} wrote something else")
    finally:
        server.stop()
    return results


def digest(path):
    return subprocess.run(["b3sum", "--no-names", "--", path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def report(arguments, link, results):
    size = arguments.mib << 20
    print(f"\n{link.name}")
    print(f"{'':6} {'MB/s, whole sending process':>34} {'median':>7} {'inside':>7}"
          f" {'CPU s':>12} {'peak MiB':>10}")
    medians = {}
    for name, runs in results.items():
        rates = [size / 1e6 / run["wall"] for run in runs]
        medians[name] = statistics.median(rates)
        inside = [size / 1e6 / run["inside"] for run in runs if "inside" in run]
        cpu = [statistics.median(run["cpu"][side] for run in runs) for side in (0, 1)]
        peak = [max(run["peak"][side] for run in runs) / (1 << 20) for side in (0, 1)]
        print(f"{name:6} {' '.join(f'{rate:.0f}' for rate in rates):>34} {medians[name]:7.0f}"
              f" {f'{statistics.median(inside):.0f}' if inside else '':>7}"
              f" {cpu[0]:5.2f} +{cpu[1]:5.2f} {peak[0]:4.0f} + {peak[1]:3.0f}")
    for other in list(medians)[1:]:
        print(f"kith / {other}: {medians['kith'] / medians[other]:.2f}")


if __name__ == "__main__":
    main()
