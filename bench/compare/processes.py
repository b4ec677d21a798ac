"""Processes, and what they cost."""

import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

RUN_LIMIT_S = 300
SAMPLE_S = 0.02


class Failed(Exception):
    pass


class Run:
    """One command and what it cost: wall time, and CPU and memory of its process tree."""

    def __init__(self, command):
        self.output = tempfile.TemporaryFile()
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=subprocess.STDOUT)
        self.memory = MemoryWatch(self.process.pid)

    def finish(self):
        timer = threading.Timer(RUN_LIMIT_S, self.process.kill)
        timer.start()
        # wait4 counts the children the process itself has waited for: the ssh of scp and rsync.
        _, status, usage = os.wait4(self.process.pid, 0)
        self.wall = time.monotonic() - self.began
        timer.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = self.memory.stop()
        self.output.seek(0)
        self.text = self.output.read().decode(errors="replace")
        if self.process.returncode != 0:
            raise Failed(f"{self.process.args[0]} ended with {self.process.returncode}: "
                         f"{self.text}")

    def stop(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
            self.memory.stop()


def run_both(receiver, start_sender):
    """Waits for the sender, which is started when the receiver can take it, and for the receiver;
    gives the sender."""
    sender = None
    try:
        sender = start_sender()
        sender.finish()
        receiver.finish()
    finally:
        receiver.stop()
        if sender:
            sender.stop()
    return sender


class MemoryWatch:
    """Samples the peak resident size of the largest descendant of a process, itself included."""

    def __init__(self, root, include_root=True):
        self.root, self.include_root = root, include_root
        self.peak_kib = 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.sample, daemon=True)
        self.thread.start()

    def sample(self):
        while not self.ending.wait(SAMPLE_S):
            for pid in descendants(self.root) + ([self.root] if self.include_root else []):
                self.peak_kib = max(self.peak_kib, peak_kib(pid))

    def stop(self):
        self.ending.set()
        self.thread.join()
        return self.peak_kib * 1024


def descendants(root):
    found, unseen = [], [root]
    while unseen:
        pid = unseen.pop()
        try:
            children = [int(child) for task in os.listdir(f"/proc/{pid}/task")
                        for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
        found += children
        unseen += children
    return found


def peak_kib(pid):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0
