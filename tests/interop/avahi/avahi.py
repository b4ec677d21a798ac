"""Avahi of Debian in a network of its own: its daemon, a message bus for it alone, and the commands
that people browse and publish with. All of it ends by its own ids."""

import os
import queue
import re
import subprocess
import threading
import time
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
STEP_S = 30
TYPE = "_kith._udp"

# Debian's bus lets only certain users be Avahi. On this one there is nobody else.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""

DAEMON = """[server]
host-name={host}
use-ipv4=yes
use-ipv6=yes
allow-interfaces=cable
enable-dbus=yes
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
"""


def install():
    """Its version. Needs the network once, if the packages are not there yet."""
    installed = subprocess.run([SOURCE / ".dev/packages.sh", "avahi"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if installed.returncode != 0:
        raise RuntimeError(f"Avahi of Debian cannot be installed:\n{installed.stdout}")
    found = subprocess.run(["/usr/sbin/avahi-daemon", "--version"], text=True, check=True,
                           stdout=subprocess.PIPE)
    return found.stdout.strip()


class Program:
    """A process and the lines it prints, to standard error as well."""

    def __init__(self, command, env=None):
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.seen = []
        self.queue = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.queue.put(line.rstrip("\n"))
        self.queue.put(None)

    def wait_for(self, wanted, what, timeout_s=STEP_S):
        """What `wanted` makes of the first line it takes: one that came before, or comes yet."""
        for line in self.seen:
            if (taken := wanted(line)) is not None:
                return taken
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                line = self.queue.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not within {timeout_s} s: {what}\n{self.story()}") from None
            if line is None:
                raise AssertionError(f"ended before: {what}\n{self.story()}")
            self.seen.append(line)
            if (taken := wanted(line)) is not None:
                return taken

    def wait_for_text(self, text):
        self.wait_for(lambda line: line if text in line else None, text)

    def story(self):
        return "\n".join([str(self.process.args), *self.seen])

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STEP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.reader.join(STEP_S)
        self.process.stdout.close()


class Service:
    """A resolved line of `avahi-browse --parsable`."""

    def __init__(self, fields):
        (_, self.interface, self.protocol, self.name, self.type, self.domain, self.host,
         self.address, port, texts) = fields
        self.port = int(port)
        self.txt = sorted(re.findall(r'"([^"]*)"', texts))


class Browse(Program):
    """`avahi-browse` of our service, for as long as it is wanted."""

    def __init__(self, avahi):
        super().__init__([*avahi.on, "avahi-browse", "--resolve", "--parsable", TYPE],
                         env=avahi.env)

    def wait_for_service(self, name, protocol):
        """As resolved; any if it has no name."""
        def resolved(line):
            sign, _, over, called, *rest = fields = fields_of(line)
            matches = sign == "=" and over == protocol and name in (None, called) and rest
            return Service(fields) if matches else None
        return self.wait_for(resolved, f"{name} resolved over {protocol}")

    def wait_until_gone(self, name, protocol):
        def gone(line):
            sign, _, over, called, *_ = fields_of(line)
            return line if (sign, over, called) == ("-", protocol, name) else None
        self.wait_for(gone, f"{name} gone from {protocol}")

    def names(self):
        """Of all that it has seen."""
        return {fields[3] for fields in map(fields_of, self.seen) if fields[0] == "+"}


def fields_of(line):
    """Four at least. Avahi escapes odd bytes of a name, by three decimal digits or as they are."""
    fields = line.split(";", 9)
    if len(fields) < 4:
        return [""] * 4
    octets = re.sub(rb"\\(?:(\d{3})|(.))",
                    lambda match: bytes([int(match[1])]) if match[1] else match[2],
                    fields[3].encode())
    return [*fields[:3], octets.decode(), *fields[4:]]


class Publish(Program):
    """`avahi-publish` of an instance of our service, until it is closed."""

    def __init__(self, avahi, name, port, *texts):
        super().__init__([*avahi.on, "avahi-publish", "--service", name, TYPE, str(port), *texts],
                         env=avahi.env)

    def wait_until_established(self):
        """The name it has in the end."""
        return self.wait_for(
            lambda line: match[1] if (match := re.match(r"Established under name '(.*)'$", line))
            else None, "established")


class Avahi:
    """The daemon of one machine; `on` is the prefix that runs a command there."""

    def __init__(self, top, on, host):
        self.on = on
        self.programs = []
        top.mkdir()
        bus, daemon, socket = top / "bus.conf", top / "daemon.conf", top / "bus"
        bus.write_text(BUS.format(socket=socket))
        daemon.write_text(DAEMON.format(host=host))
        self.env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={socket}", "LC_ALL": "C"}
        try:
            self.start("dbus-daemon", "--config-file", bus, "--nofork", "--nopidfile",
                       "--print-address").wait_for_text("unix:")
            # What it keeps at run time is its own: this machine may have an Avahi that runs.
            self.start("unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"',
                       "sh", "/usr/sbin/avahi-daemon", "--file", daemon, "--no-drop-root",
                       "--no-chroot", "--no-rlimits").wait_for_text("Server startup complete")
        except BaseException:
            self.close()
            raise

    def start(self, *command):
        return self.run(Program([*self.on, *command], env=self.env))

    def run(self, program):
        self.programs.append(program)
        return program

    def browse(self):
        return self.run(Browse(self))

    def publish(self, name, port, *texts):
        return self.run(Publish(self, name, port, *texts))

    def address_of(self, host, family):
        """By `avahi-resolve`; `family` is -4 or -6."""
        resolve = self.start("avahi-resolve", "--name", family, host)
        return resolve.wait_for(
            lambda line: line.split("\t")[1] if line.startswith(f"{host}\t") else None,
            f"{host} resolved with {family}")

    def close(self):
        while self.programs:
            self.programs.pop().close()
