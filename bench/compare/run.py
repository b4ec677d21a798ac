#!/usr/bin/env python3
"""One file by `kith send`, scp and rsync over ssh, from one process to another on this machine.

usage: run.py [--kith PATH] [--mib N] [--runs N] [--directory DIR] [--overwrite]

All of it happens on loopback and on one tmpfs: the source stays in memory, and each tool writes
its own output there. Runs are interleaved (one of each per round, the order rotating), after a
round that does not count. ssh runs with aes128-gcm@openssh.com against a server started here, on a
port of its own with keys made for it.

Wall time is that of the whole sending process, from its start to its exit: for kith with opening
the home and the handshake, for ssh with authentication. The receiving side (kith receive, sshd)
already runs. "inside" is what kith itself reports: from reading the source to the receiver's word
that the file is durable. CPU is user and system time of all processes of a side; memory is the
peak resident size of its largest process.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CIPHER = "aes128-gcm@openssh.com"
RUN_LIMIT_S = 300
SAMPLE_S = 0.02
TMPFS_MAGIC = 0x01021994


class Failed(Exception):
    pass


def main():
    arguments = parse_arguments()
    ensure_tools()
    check_place(arguments)
    work = Path(tempfile.mkdtemp(prefix="kith-compare.", dir=arguments.directory))
    try:
        compare(arguments, work)
    except Failed as failure:
        sys.exit(f"compare: {failure}")
    finally:
        shutil.rmtree(work)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    built = Path(os.environ.get("KITH_BIN", TOP / "build/release/bin")) / "kith"
    parser.add_argument("--kith", type=Path, default=built, help=f"the program ({built})")
    parser.add_argument("--mib", type=int, default=1024, help="size of the file (1024)")
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each tool (5)")
    parser.add_argument("--directory", type=Path, default=Path("/dev/shm"),
                        help="a tmpfs (/dev/shm)")
    parser.add_argument("--overwrite", action="store_true",
                        help="let scp and rsync write over their last output, which saves them the "
                             "allocation of memory; kith never overwrites")
    return parser.parse_args()


def ensure_tools():
    needed = ("scp", "rsync", "ssh-keygen", "b3sum")
    if not all(map(shutil.which, needed)) or not Path("/usr/sbin/sshd").exists():
        subprocess.run([TOP / ".dev/packages.sh", "bench"], check=True)


def check_place(arguments):
    kind = subprocess.run(["stat", "-f", "-c", "%t", arguments.directory], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    if int(kind, 16) != TMPFS_MAGIC:
        print(f"compare: {arguments.directory} is not a tmpfs: a disk is measured too")
    needed = (arguments.mib << 20) * 5
    if shutil.disk_usage(arguments.directory).free < needed:
        sys.exit(f"compare: {arguments.directory} has no room for {needed >> 20} MiB")


def compare(arguments, work):
    source = work / "file.bin"
    with open(source, "wb") as file:
        for _ in range(arguments.mib):
            file.write(os.urandom(1 << 20))
    kith = KithTool(arguments.kith, work, source)
    server = SshServer(work)
    try:
        tools = [kith, RsyncTool(server, work, source), ScpTool(server, work, source)]
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
    report(arguments, results)


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


class KithTool:
    name = "kith"

    def __init__(self, program, work, source):
        self.program, self.work, self.source = program, work, source
        self.inbox = work / "inbox"
        self.inbox.mkdir()
        self.output = self.inbox / source.name
        self.pair()

    def command(self, home, *arguments):
        return [self.program, "--json", "--home", self.work / home, *arguments]

    def pair(self):
        initiator = Listener(self.command("receiver", "pair", "--yes", "--listen", "127.0.0.1:0"))
        try:
            code = initiator.first("pairing_code")
            joined = subprocess.run(
                self.command("sender", "join", code["words"], "--yes",
                             "--at", code["addresses"][0]),
                stdout=subprocess.PIPE, timeout=RUN_LIMIT_S, check=True)
            self.receiver_id = json.loads(joined.stdout.splitlines()[-1])["device_id"]
            initiator.finish()
        finally:
            initiator.stop()

    def run(self):
        receiver = Listener(self.command("receiver", "receive", "--listen", "127.0.0.1:0", "--once",
                                         "--inbox", self.inbox, "--accept", "all"))
        sender = None
        try:
            address = receiver.first("listening")["addresses"][0]
            sender = Run(self.command("sender", "send", self.source, "--to", self.receiver_id,
                                      "--at", address))
            sender.finish()
            receiver.finish()
        finally:
            receiver.stop()
            if sender:
                sender.stop()
        sent = [event for event in map(json.loads, sender.text.splitlines())
                if event["event"] == "sent"]
        return {"wall": sender.wall, "inside": sent[0]["seconds"],
                "cpu": (sender.cpu, receiver.cpu), "peak": (sender.peak, receiver.peak)}


class Listener(Run):
    """A kith command that tells on standard output when it is ready."""

    def first(self, wanted):
        deadline = time.monotonic() + RUN_LIMIT_S
        while time.monotonic() < deadline:
            written = os.pread(self.output.fileno(), 1 << 20, 0).decode()
            for line in written.splitlines(keepends=True):
                if line.endswith("\n") and line.startswith("{"):
                    event = json.loads(line)
                    if event["event"] == wanted:
                        return event
            if os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                raise Failed(f"kith ended before '{wanted}': {written}")
            time.sleep(0.005)
        raise Failed(f"kith never said '{wanted}'")


class SshServer:
    def __init__(self, work):
        self.folder = work / "ssh"
        self.folder.mkdir()
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                            "-f", self.folder / name],
                           check=True)
        self.port = free_port()
        (self.folder / "config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {self.folder}/host\n"
            f"AuthorizedKeysFile {self.folder}/client.pub\nCiphers {CIPHER}\nUsePAM no\n"
            f"StrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            f"PidFile none\nSubsystem sftp internal-sftp\n")
        if os.getuid() == 0:  # where sshd, run by root, jails its unprivileged half
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", self.folder / "config"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait_until_ready()
        except Failed:
            self.stop()
            raise

    def wait_until_ready(self):
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise Failed(f"sshd does not answer: {(self.folder / 'log').read_text()}")

    def options(self, port_flag):
        """The arguments of ssh and scp; the user's own configuration stays out of it."""
        return ["-F", "none", port_flag, str(self.port), "-i", str(self.folder / "client"),
                "-o", f"Ciphers={CIPHER}", "-o", "Compression=no", "-o", "BatchMode=yes",
                "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR",
                "-o", f"UserKnownHostsFile={self.folder}/known_hosts"]

    def children_cpu(self):
        """CPU seconds of all sessions that have ended and been waited for."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def wait_for_sessions(self):
        deadline = time.monotonic() + 10
        while descendants(self.process.pid) and time.monotonic() < deadline:
            time.sleep(0.005)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()


class SshTool:
    def __init__(self, server, work, source):
        self.server, self.source = server, source
        folder = work / self.name
        folder.mkdir()
        self.output = folder / source.name

    def run(self):
        self.server.wait_for_sessions()
        before = self.server.children_cpu()
        memory = MemoryWatch(self.server.process.pid, include_root=False)
        sender = Run(self.command())
        try:
            sender.finish()
            self.server.wait_for_sessions()
        finally:
            sender.stop()
            peak = memory.stop()
        return {"wall": sender.wall, "cpu": (sender.cpu, self.server.children_cpu() - before),
                "peak": (sender.peak, peak)}


class ScpTool(SshTool):
    name = "scp"

    def command(self):
        return ["scp", "-q", *self.server.options("-P"), self.source, f"127.0.0.1:{self.output}"]


class RsyncTool(SshTool):
    name = "rsync"

    def command(self):
        # All of the file is sent, as by the others, and straight into its place.
        shell = " ".join(["ssh", *self.server.options("-p")])
        return ["rsync", "--whole-file", "--ignore-times", "--inplace", "-e", shell, self.source,
                f"127.0.0.1:{self.output}"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def digest(path):
    return subprocess.run(["b3sum", "--no-names", "--", path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def report(arguments, results):
    size = arguments.mib << 20
    outputs = "overwritten by scp and rsync" if arguments.overwrite else "new for every run"
    print(f"{arguments.mib} MiB over loopback on {arguments.directory}, outputs {outputs}; "
          f"{arguments.runs} interleaved runs, {os.cpu_count()} processors")
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
    print("CPU and memory: sending side + receiving side")
    for other in ("rsync", "scp"):
        print(f"kith / {other}: {medians['kith'] / medians[other]:.2f}")


if __name__ == "__main__":
    main()
