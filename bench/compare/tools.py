"""The programs that are compared, each as: run() sends the source over the link into `output`."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from processes import RUN_LIMIT_S, Failed, MemoryWatch, Run, descendants, run_both

CIPHER = "aes128-gcm@openssh.com"


class KithTool:
    name = "kith"

    def __init__(self, program, link, work, source):
        self.program, self.link, self.work, self.source = program, link, work, source
        self.inbox = work / "inbox"
        self.inbox.mkdir()
        self.output = self.inbox / source.name
        self.homes = {"receiver": link.receiver, "sender": link.sender}
        self.pair()

    def command(self, home, *arguments):
        return [*self.homes[home], self.program, "--json", "--home", self.work / home, *arguments]

    def pair(self):
        initiator = Listener(self.command("receiver", "pair", "--yes",
                                          "--listen", f"{self.link.address}:0"))
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
        receiver = Listener(self.command("receiver", "receive", "--once", "--accept", "all",
                                         "--listen", f"{self.link.address}:0",
                                         "--inbox", self.inbox))
        sender = run_both(receiver, lambda: Run(self.command(
            "sender", "send", self.source, "--to", self.receiver_id,
            "--at", receiver.first("listening")["addresses"][0])))
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
    def __init__(self, link, work):
        self.link = link
        self.folder = work / "ssh"
        self.folder.mkdir()
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                            "-f", self.folder / name],
                           check=True)
        self.port = free_port()
        (self.folder / "config").write_text(
            f"Port {self.port}\nListenAddress {link.address}\nHostKey {self.folder}/host\n"
            f"AuthorizedKeysFile {self.folder}/client.pub\nCiphers {CIPHER}\nUsePAM no\n"
            f"StrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\n"
            f"PidFile none\nSubsystem sftp internal-sftp\n")
        if os.getuid() == 0:  # where sshd, run by root, jails its unprivileged half
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.log = open(self.folder / "log", "w+")
        self.process = subprocess.Popen(
            [*link.receiver, "/usr/sbin/sshd", "-D", "-e", "-f", self.folder / "config"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait_until_ready()
        except Failed:
            self.stop()
            raise

    def wait_until_ready(self):
        for _ in range(500):
            if "Server listening" in (self.folder / "log").read_text():
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
        self.server, self.link, self.source = server, server.link, source
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
        return [*self.link.sender, "scp", "-q", *self.server.options("-P"), self.source,
                f"{self.link.address}:{self.output}"]


class RsyncTool(SshTool):
    name = "rsync"

    def command(self):
        # All of the file is sent, as by the others, and straight into its place.
        shell = " ".join(["ssh", *self.server.options("-p")])
        return [*self.link.sender, "rsync", "--whole-file", "--ignore-times", "--inplace",
                "-e", shell, self.source, f"{self.link.address}:{self.output}"]


class TcpTool:
    """Neither encrypted nor checked: what the link and the kernel allow."""

    name = "tcp"

    def __init__(self, link, work, source):
        self.link, self.source = link, source
        folder = work / self.name
        folder.mkdir()
        self.output = folder / source.name

    def run(self):
        port = free_port()
        receiver = Run([*self.link.receiver, "socat", "-u", "-b", "262144",
                        f"TCP-LISTEN:{port},bind={self.link.address}",
                        f"OPEN:{self.output},creat,trunc"])
        # The sender is done when the kernel has it all; the file is whole when both are.
        sender = run_both(receiver, lambda: Run([
            *self.link.sender, "socat", "-u", "-b", "262144", f"OPEN:{self.source}",
            f"TCP:{self.link.address}:{port},retry=100,interval=0.01"]))
        return {"wall": time.monotonic() - sender.began, "cpu": (sender.cpu, receiver.cpu),
                "peak": (sender.peak, receiver.peak)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
