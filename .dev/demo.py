#!/usr/bin/env python3
"""Pairs two kith devices on this machine and sends a file and a tree from one to the other.

usage: demo.py PATH_TO_KITH

Two processes with separate homes, loopback only. Digests are compared with b3sum. The last line is
"demo: ok"; anything else exits non-zero with the reason.
"""

import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

# Addresses are given: nothing is looked for on any network.
os.environ["KITH_NO_MDNS"] = os.environ["KITH_NO_DHT"] = "1"

FILE_MIB = 256
TREE_FILES = 2000
PAIR_TIMEOUT_S = 60
SEND_TIMEOUT_S = 300


class DemoFailed(Exception):
    pass


class Kith:
    """One running kith command: its JSON events, and its standard error kept for a failure."""

    def __init__(self, program, home, *arguments):
        self.name = f"kith --home {home.name} {arguments[0]}"
        self.events = queue.Queue()
        self.log = tempfile.TemporaryFile(mode="w+", dir=home.parent)
        self.process = subprocess.Popen(
            [program, "--home", home, "--json", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.reader = threading.Thread(target=self.read_events, daemon=True)
        self.reader.start()

    def read_events(self):
        for line in self.process.stdout:
            try:
                self.events.put(json.loads(line))
            except json.JSONDecodeError:
                self.events.put({"event": "not_json", "message": line.rstrip()})
        self.events.put(None)

    def wait_for(self, wanted, timeout_s):
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                event = self.events.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise self.failure(f"no '{wanted}' within {timeout_s} s") from None
            if event is None:
                raise self.failure(f"ended with {self.process.wait()} before '{wanted}'")
            if event["event"] == wanted:
                return event
            if event["event"] in ("error", "not_json"):
                raise self.failure("; ".join(str(event[key]) for key in ("event", "message", "hint")
                                             if event.get(key)))

    def wait_for_success(self, timeout_s):
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise self.failure(f"still running after {timeout_s} s") from None
        if status != 0:
            raise self.failure(f"exit status {status}")

    def failure(self, reason):
        self.log.seek(0)
        said = "".join(f"\n  {line.rstrip()}" for line in self.log.readlines()[-15:])
        return DemoFailed(f"{self.name}: {reason}{said}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(5)
        self.process.stdout.close()
        self.log.close()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = Path(sys.argv[1]).resolve()
    running = []
    work = Path(tempfile.mkdtemp(prefix="kith-demo.", dir=roomy_directory()))
    try:
        run(program, work, running)
    except (DemoFailed, OSError) as failure:
        sys.exit(f"demo: failed: {failure}")
    finally:
        for kith in running:
            kith.stop()
        shutil.rmtree(work)
    print("demo: ok")


def run(program, work, running):
    def start(home, *arguments):
        running.append(Kith(program, work / home, *arguments))
        return running[-1]

    began = time.monotonic()
    initiator = start("alice", "pair", "--yes", "--listen", "127.0.0.1:0")
    code = initiator.wait_for("pairing_code", PAIR_TIMEOUT_S)
    words = code["words"] if isinstance(code["words"], str) else " ".join(code["words"])
    print(f"pairing code: {words}")
    joiner = start("bob", "join", words, "--at", code["addresses"][0], "--yes")
    alice = joiner.wait_for("paired", PAIR_TIMEOUT_S)["device_id"]
    bob = initiator.wait_for("paired", PAIR_TIMEOUT_S)["device_id"]
    joiner.wait_for_success(PAIR_TIMEOUT_S)
    initiator.wait_for_success(PAIR_TIMEOUT_S)
    print(f"paired in {time.monotonic() - began:.2f} s: {alice[:16]}… with {bob[:16]}…")

    source, inbox = work / "source", work / "inbox"
    inbox.mkdir()
    make_file(source / "file.bin")
    make_tree(source / "tree")

    receiver = start("alice", "receive", "--listen", "127.0.0.1:0", "--inbox", str(inbox),
                     "--once", "--accept", "all")
    listening = receiver.wait_for("listening", PAIR_TIMEOUT_S)
    if listening["device_id"] != alice:
        raise DemoFailed(f"the receiver is {listening['device_id']}, but {alice} was paired")
    began = time.monotonic()
    sender = start("bob", "send", str(source / "file.bin"), str(source / "tree"),
                   "--to", alice, "--at", listening["addresses"][0])
    sent = [sender.wait_for("sent", SEND_TIMEOUT_S) for _ in range(2)]
    sender.wait_for_success(SEND_TIMEOUT_S)
    seconds = time.monotonic() - began
    received = [receiver.wait_for("received", SEND_TIMEOUT_S) for _ in range(2)]
    receiver.wait_for_success(SEND_TIMEOUT_S)

    for event in sent:
        report(Path(event["path"]).name, event["bytes"], event["seconds"])
    report("together, with start and handshake", sum(event["bytes"] for event in sent), seconds)
    compare(source, inbox, sent, received)


def report(what, size_bytes, seconds):
    rate = size_bytes / 1e6 / max(seconds, 1e-9)
    print(f"sent {what}: {size_bytes} bytes in {seconds:.2f} s, {rate:.0f} MB/s")


def compare(source, inbox, sent, received):
    before, after = digests(source), digests(inbox)
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            raise DemoFailed(f"{path}: {before.get(path, 'nothing')} was sent, "
                             f"{after.get(path, 'nothing')} arrived")
    for event in (*sent, *received):
        if Path(event["path"]).name == "file.bin" and event["digest"] != before["file.bin"]:
            raise DemoFailed(f"'{event['event']}' claims {event['digest']} for file.bin, "
                             f"b3sum says {before['file.bin']}")
    if sorted(event["digest"] for event in sent) != sorted(event["digest"] for event in received):
        raise DemoFailed("sender and receiver report different digests")
    print(f"b3sum agrees on all {sum(digest != 'directory' for digest in before.values())} files; "
          f"file.bin is {before['file.bin']}")


def digests(top):
    """What lies under top: path -> BLAKE3 by b3sum, or "directory"."""
    found, files = {}, []
    for path in sorted(top.rglob("*")):
        if path.is_dir():
            found[str(path.relative_to(top))] = "directory"
        else:
            files.append(str(path.relative_to(top)))
    if files:
        listed = subprocess.run(["xargs", "-0", "b3sum", "--"], cwd=top, check=True, text=True,
                                input="\0".join(files), stdout=subprocess.PIPE).stdout
        for line in listed.splitlines():
            digest, path = line.split("  ", 1)
            found[path] = digest
    return found


def make_file(path):
    path.parent.mkdir(parents=True)
    with open(path, "wb") as file:
        for _ in range(FILE_MIB):
            file.write(os.urandom(1 << 20))


def make_tree(top):
    numbers = random.Random(1)
    for index in range(TREE_FILES):
        folder = top / f"{index % 7}" / f"{index % 31}" / f"{index % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{index}.bin").write_bytes(numbers.randbytes(numbers.randrange(0, 8192)))
    (top / "empty").mkdir()


def roomy_directory():
    """Memory-backed if it has room for two copies, so that the disk is not what is measured."""
    shared_memory = Path("/dev/shm")
    if shared_memory.is_dir() and os.access(shared_memory, os.W_OK):
        if shutil.disk_usage(shared_memory).free > 3 * FILE_MIB << 20:
            return shared_memory
    return None


if __name__ == "__main__":
    main()
