"""Real `kith` processes for tests: each with a home of its own in one temporary directory, loopback
only, and ended by its own id when a test is over or a limit is reached."""

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

KITH = Path(os.environ["KITH"]).resolve()
KITH_ECHO = KITH.with_name("kith-echo")

# Nothing leaves this machine: tests that look for devices make networks of their own.
os.environ["KITH_NO_MDNS"] = os.environ["KITH_NO_DHT"] = "1"
SOURCE = Path(__file__).resolve().parents[2]

# A step that takes longer has failed. Connecting gives up after 10 s, sanitizers slow things down.
STEP_S = 60

OK, FAILED, USAGE, REFUSED, UNREACHABLE, LOST, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

# BIP-0039 test vector: the words of 16 bytes 0x7f. Valid, and of no device here.
OTHER_CODE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


class Kith:
    """One process in JSON mode. `prefix` is a command that runs it in another environment."""

    def __init__(self, home, *arguments, program=KITH, prefix=(), **options):
        self._run([*prefix, program, "--json", "--home", home, *map(str, arguments)], **options)

    def _run(self, command, stdin=subprocess.DEVNULL, env=None):
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=env)
        self.seen = []
        self.queue = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.queue.put(json.loads(line))
        self.queue.put(None)

    def wait_for(self, wanted, timeout_s=STEP_S):
        """The next event of this kind; what comes before it stays in `seen`."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                event = self.queue.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(
                    f"no '{wanted}' within {timeout_s} s: {self.story()}") from None
            if event is None:
                self.queue.put(None)
                raise AssertionError(f"ended before '{wanted}': {self.story()}")
            self.seen.append(event)
            if event["event"] == wanted:
                return event

    def finish(self, timeout_s=STEP_S):
        """Waits for the end; gives the exit code, with all events in `seen`."""
        try:
            code = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {timeout_s} s: {self.story()}") from None
        self.reader.join(STEP_S)
        while (event := self.queue.get()) is not None:
            self.seen.append(event)
        self.queue.put(None)
        return code

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def all(self, kind):
        return [event for event in self.seen if event["event"] == kind]

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read()

    def story(self):
        return f"{self.process.args[-6:]}, events {self.seen}, standard error:\n{self.error_text()}"

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(STEP_S)
        self.process.stdout.close()
        self.errors.close()


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.top = Path(tempfile.mkdtemp(prefix="kith-test."))
        self.addCleanup(shutil.rmtree, self.top)
        self.inbox = self.top / "inbox"
        self.inbox.mkdir()

    def start(self, home, *arguments, **options):
        kith = Kith(self.top / home, *arguments, **options)
        self.addCleanup(kith.close)
        return kith

    def run_kith(self, home, *arguments, **options):
        """Runs to the end; gives the process, its exit code in `exit`."""
        kith = self.start(home, *arguments, **options)
        kith.exit = kith.finish()
        return kith

    def start_echo(self, home, *arguments, **options):
        """A `kith-echo listen`: the process, its id and its address."""
        echo = self.start(home, "listen", "--listen", "127.0.0.1:0", *arguments,
                          program=KITH_ECHO, **options)
        event = echo.wait_for("listening")
        return echo, event["device_id"], event["addresses"][0]

    def dial(self, home, device_id, address, *arguments, **options):
        """A `kith-echo dial` that has ended."""
        return self.run_kith(home, "dial", device_id, "--at", address, *arguments,
                             program=KITH_ECHO, **options)

    def device_id(self, home):
        kith = self.run_kith(home, "id")
        self.assertEqual(kith.exit, OK, kith.story())
        return kith.seen[0]["device_id"]

    def start_pair(self, home, *arguments, **options):
        """A `pair` that shows its code: the process, the words, the address to join at."""
        pair = self.start(home, "pair", "--listen", "127.0.0.1:0", *arguments, **options)
        code = pair.wait_for("pairing_code")
        return pair, code["words"], code["addresses"][0]

    def pair(self, one, other):
        """Pairs two homes; gives their ids."""
        pair, words, address = self.start_pair(one, "--yes")
        join = self.run_kith(other, "join", words, "--at", address, "--yes")
        self.assertEqual(join.exit, OK, join.story())
        self.assertEqual(pair.finish(), OK, pair.story())
        return join.all("paired")[0]["device_id"], pair.all("paired")[0]["device_id"]

    def start_receive(self, home, *arguments, inbox=None, accept="all", **options):
        """A `receive` that listens: the process and its address."""
        receive = self.start(home, "receive", "--listen", "127.0.0.1:0", "--inbox",
                             inbox or self.inbox, "--accept", accept, *arguments, **options)
        return receive, receive.wait_for("listening")["addresses"][0]

    def devices(self, home):
        return [(event["device_id"], event["state"])
                for event in self.run_kith(home, "devices").all("device")]

    def assert_fails(self, kith, exit_code, code, *words):
        """It exited so, with one error object and one line for a person that says what to do."""
        self.assertEqual(kith.finish(), exit_code, kith.story())
        errors = kith.all("error")
        self.assertEqual(len(errors), 1, kith.story())
        self.assertEqual(kith.seen[-1], errors[0])
        self.assertEqual(errors[0]["exit"], exit_code)
        self.assertEqual(errors[0]["code"], code, kith.story())
        lines = [line for line in kith.error_text().splitlines() if line]
        self.assertTrue(lines and lines[-1].startswith("kith: "), kith.story())
        self.assertLessEqual(len(lines), 2, "a line of notice and one of failure: " + kith.story())
        self.assertIn(errors[0]["message"].rstrip("."), lines[-1])
        for word in words:
            self.assertIn(str(word), errors[0]["message"] + " " + errors[0]["hint"])
        return errors[0]

    def assert_hint(self, error):
        self.assertNotEqual(error["hint"], "", error)

    def assert_nothing_in(self, directory):
        self.assertEqual(sorted(os.listdir(directory)), [])


def b3sum(path):
    listed = subprocess.run(["b3sum", "--no-names", "--", path], check=True, stdout=subprocess.PIPE)
    return listed.stdout.decode().strip()


def word_list():
    """The BIP-0039 English list, from the source."""
    text = (SOURCE / "engine/words/wordlist.cc").read_text()
    words = re.findall(r'"([a-z]{3,8})"', text)
    assert len(words) == 2048 and words == sorted(words)
    return words


def without_privileges(*capabilities):
    """The prefix that makes root obey permissions as everyone else does; nothing for others."""
    if os.getuid() != 0:
        return ()
    return ("setpriv", "--bounding-set=" + ",".join("-" + name for name in capabilities))


OBEYS_PERMISSIONS = without_privileges("dac_override", "dac_read_search")


def with_small_disk(directory, size):
    """The prefix that mounts a file system of `size` at `directory`, for this process only."""
    user = () if os.getuid() == 0 else ("--user", "--map-root-user")
    mount = f'mount -t tmpfs -o size={size} tmpfs "$0" && exec "$@"'
    return ("unshare", *user, "--mount", "sh", "-c", mount, directory)
