#!/usr/bin/env python3
"""How long until a device is connected to another and has its first byte back, beside iroh.

usage: run.py [--bin DIR] [--connects N] [--rounds N]

Over loopback, from one process to another that echoes under kith/echo/1: kith between paired
devices (the pairing's secret is proven), kith between strangers (both present a raw public key),
and iroh as published on npm, whose ends present raw public keys too. Each client stays up and
connects one time after the other; the first 20 do not count. Rounds are interleaved, their order
rotating.

A time runs from the call that connects to the echoed byte. iroh is driven through its bindings for
Node.js, whose part in that is small beside a handshake but not nothing. CPU is the time on a
processor of all threads of both processes together, per connection.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/interop")]

import iroh_package  # noqa: E402

# Addresses are given: nothing is looked for on any network.
os.environ["KITH_NO_MDNS"] = os.environ["KITH_NO_DHT"] = "1"

IROH_ECHO = TOP / "tests/interop/iroh_echo.mjs"


def main():
    arguments = parse_arguments()
    print("iroh", iroh_package.install(arguments.iroh))
    with tempfile.TemporaryDirectory(prefix="kith-connect.") as work, ExitStack() as stack:
        pairs = [kith_pair(arguments, Path(work), stack, paired=True),
                 kith_pair(arguments, Path(work), stack, paired=False),
                 iroh_pair(arguments, stack)]
        for number in range(arguments.rounds):
            for index in range(len(pairs)):
                pairs[(number + index) % len(pairs)].round(arguments.connects)
        report(arguments, pairs)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    built = Path(os.environ.get("KITH_BIN", TOP / "build/release/bin"))
    parser.add_argument("--bin", type=Path, default=built, help=f"the programs ({built})")
    parser.add_argument("--iroh", type=Path, default=TOP / "build/release/tests/interop/iroh",
                        help="where npm puts iroh")
    parser.add_argument("--connects", type=int, default=200, help="in each round (200)")
    parser.add_argument("--rounds", type=int, default=5, help="of each (5)")
    return parser.parse_args()


class Program:
    """A process that speaks JSON lines."""

    def __init__(self, stack, command, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, **options)
        stack.callback(self.end)

    def until(self, wanted):
        """All events up to the first of this kind."""
        events = []
        for line in self.process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == wanted:
                return events
        sys.exit(f"connect: {self.process.args} ended before '{wanted}'")

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def cpu_seconds(self):
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def end(self):
        self.process.kill()
        self.process.wait()


class Pair:
    """One that echoes, and what connects to it in each round."""

    def __init__(self, name, listener, connector):
        self.name, self.listener, self.connector = name, listener, connector
        self.milliseconds, self.cpu = [], []

    def round(self, connects):
        with ExitStack() as stack:
            connector = self.connector(stack, connects)
            connector.until("ready")
            before = connector.cpu_seconds() + self.listener.cpu_seconds()
            connector.go_on()
            events = connector.until("done")
            after = connector.cpu_seconds() + self.listener.cpu_seconds()
        self.milliseconds += [event["first_byte_seconds"] * 1e3 for event in events
                              if event["event"] == "connected"]
        self.cpu.append((after - before) * 1e3 / connects)


def kith_pair(arguments, work, stack, paired):
    name = "kith, paired" if paired else "kith, strangers"
    echoing, connecting = work / f"{name} 1", work / f"{name} 2"
    if paired:
        pair_homes(arguments, echoing, connecting)
    listener = Program(stack, [arguments.bin / "kith-echo", "--json", "--home", echoing, "listen",
                               "--listen", "127.0.0.1:0"])
    listening = listener.until("listening")[-1]
    drain(listener)
    return Pair(name, listener, lambda stack, connects: Program(
        stack, [arguments.bin / "kith-connect", connecting, listening["device_id"],
                listening["addresses"][0], str(connects)]))


def drain(listener):
    """What it tells of each connection is of no use here, and must not fill the pipe."""
    threading.Thread(target=listener.process.stdout.read, daemon=True).start()


def pair_homes(arguments, one, other):
    def kith(home):
        return [arguments.bin / "kith", "--json", "--home", home]
    with ExitStack() as stack:
        pair = Program(stack, [*kith(one), "pair", "--yes", "--listen", "127.0.0.1:0"])
        code = pair.until("pairing_code")[-1]
        subprocess.run([*kith(other), "join", code["words"], "--yes", "--at", code["addresses"][0]],
                       check=True, stdout=subprocess.DEVNULL)
        pair.process.wait()


def iroh_pair(arguments, stack):
    node = {"env": {**os.environ, "IROH_HOME": str(arguments.iroh)}}
    listener = Program(stack, ["node", IROH_ECHO, "listen"], **node)
    listening = listener.until("listening")[-1]
    drain(listener)
    return Pair("iroh", listener, lambda stack, connects: Program(
        stack, ["node", IROH_ECHO, "connect", listening["device_id"], listening["addresses"][0],
                str(connects)], **node))


def report(arguments, pairs):
    print(f"{arguments.rounds} interleaved rounds of {arguments.connects} connections each, "
          f"{os.cpu_count()} processors")
    print(f"{'':16} {'first byte back, ms: 10 %':>26} {'median':>7} {'90 %':>7} {'CPU ms':>7}")
    medians = {}
    for pair in pairs:
        tenths = statistics.quantiles(pair.milliseconds, n=10)
        medians[pair.name] = statistics.median(pair.milliseconds)
        print(f"{pair.name:16} {tenths[0]:26.2f} {medians[pair.name]:7.2f} {tenths[-1]:7.2f}"
              f" {statistics.median(pair.cpu):7.2f}")
    for name in list(medians)[:-1]:
        print(f"{name} / iroh: {medians[name] / medians['iroh']:.2f}")


if __name__ == "__main__":
    main()
