"""kith-echo: strangers and paired devices, its output and its exit codes."""

import signal
import socket
import subprocess
import time
import unittest

from kith_process import (FAILED, INTERRUPTED, KITH_ECHO, LOST, OK, REFUSED, STEP_S, UNREACHABLE,
                          USAGE, ProcessTest)


class Echo(ProcessTest):
    def test_bytes_come_back_and_both_sides_name_the_other(self):
        echo, echo_id, address = self.start_echo("alice")
        dialler = self.device_id("bob")
        self.assertEqual(echo_id, self.device_id("alice"))
        for count in (0, 1, 65537, 8 << 20):
            with self.subTest(count=count):
                dial = self.dial("bob", echo_id, address, "--bytes", str(count))
                self.assertEqual(dial.exit, OK, dial.story())
                event = dial.seen[0]
                self.assertEqual((event["event"], event["bytes"], event["peer"]),
                                 ("echoed", count, echo_id))
                self.assertGreater(event["seconds"], 0)
                self.assertEqual(echo.wait_for("accepted"), {"event": "accepted", "peer": dialler})
                event = echo.wait_for("echoed")
                self.assertEqual(sorted(event), ["bytes", "event", "peer", "seconds"])
                self.assertEqual((event["bytes"], event["peer"]), (count, dialler))
        echo.interrupt()
        self.assertEqual(echo.finish(), INTERRUPTED)
        self.assertEqual(self.run_kith("alice", "devices").seen, [])

    def test_paired_devices_echo_too(self):
        self.pair("alice", "bob")
        _, echo_id, address = self.start_echo("alice")
        dial = self.dial("bob", echo_id, address)
        self.assertEqual((dial.exit, dial.seen[0]["peer"]), (OK, echo_id), dial.story())
        device = self.run_kith("bob", "devices").all("device")[0]
        self.assertEqual(device["via"], None)  # a new process has no connection
        self.assertNotEqual(device["last_seen"], None)

    def test_several_dial_at_once(self):
        _, echo_id, address = self.start_echo("alice")
        dials = [self.start(name, "dial", echo_id, "--at", address, "--bytes", str(4 << 20),
                            program=KITH_ECHO) for name in ("bob", "carol", "dave")]
        for dial in dials:
            self.assertEqual(dial.finish(), OK, dial.story())

    def test_a_blocked_device_is_refused(self):
        self.pair("alice", "bob")
        blocked = self.run_kith("alice", "devices", "block", self.device_id("bob"))
        self.assertEqual(blocked.exit, OK, blocked.story())
        _, echo_id, address = self.start_echo("alice")
        self.assert_hint(self.assert_fails(
            self.start("bob", "dial", echo_id, "--at", address, program=KITH_ECHO),
            REFUSED, "refused"))

    def test_another_device_at_the_address_is_refused(self):
        echo, _, address = self.start_echo("alice")
        dial = self.start("bob", "dial", self.device_id("carol"), "--at", address,
                          program=KITH_ECHO)
        self.assert_hint(self.assert_fails(dial, REFUSED, "refused"))
        echo.interrupt()
        echo.finish()
        self.assertEqual(echo.all("accepted"), [])

    def test_nobody_at_the_address_is_unreachable(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        dial = self.start("bob", "dial", self.device_id("carol"), "--at",
                          f"127.0.0.1:{silent.getsockname()[1]}", program=KITH_ECHO)
        self.assert_hint(self.assert_fails(dial, UNREACHABLE, "unreachable"))

    def test_a_device_that_leaves_in_the_middle_is_lost(self):
        echo, echo_id, address = self.start_echo("alice")
        dial = self.start("bob", "dial", echo_id, "--at", address, "--bytes", str(1 << 40),
                          program=KITH_ECHO)
        echo.wait_for("accepted")
        time.sleep(0.5)
        echo.interrupt()
        self.assertEqual(echo.finish(), INTERRUPTED)
        self.assert_fails(dial, LOST, "connection_lost")

    def test_a_dial_is_interrupted(self):
        echo, echo_id, address = self.start_echo("alice")
        dial = self.start("bob", "dial", echo_id, "--at", address, "--bytes", str(1 << 40),
                          program=KITH_ECHO)
        echo.wait_for("accepted")
        dial.interrupt(signal.SIGTERM)
        self.assert_fails(dial, INTERRUPTED, "cancelled")
        self.assertEqual(self.dial("bob", echo_id, address).exit, OK)

    def test_a_home_in_use_and_an_address_in_use_are_named(self):
        first, _, address = self.start_echo("alice")
        second = self.start("alice", "listen", program=KITH_ECHO)
        self.assert_hint(self.assert_fails(second, FAILED, "already_exists", first.process.pid))
        third = self.start("bob", "listen", "--listen", address, program=KITH_ECHO)
        self.assert_hint(self.assert_fails(third, FAILED, "already_exists", address))

    def test_what_cannot_work_is_a_usage_error_with_a_hint(self):
        known = "00" * 32
        for line in ([], ["frobnicate"], ["dial"], ["dial", known],
                     ["dial", "short", "--at", "127.0.0.1:1"], ["dial", known, "--at", "here"],
                     ["dial", known, "--at", "127.0.0.1:1", "--bytes", "-1"],
                     ["listen", "--listen", "here"], ["--log", "nonsense", "listen"]):
            with self.subTest(line=line):
                self.assert_hint(self.assert_fails(
                    self.start("alice", *line, program=KITH_ECHO), USAGE, "invalid_argument"))
        self.assertFalse((self.top / "alice").exists())

    def test_a_person_reads_lines(self):
        _, echo_id, address = self.start_echo("alice")
        done = subprocess.run([KITH_ECHO, "--home", self.top / "bob", "dial", echo_id, "--at",
                               address], capture_output=True, text=True, timeout=STEP_S)
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertRegex(done.stdout, rf"^Echoed 1048576 bytes by {echo_id} in .* s\.\n$")


if __name__ == "__main__":
    unittest.main()
