"""A home in bad shape, or in use, and command lines that cannot work: one line that says what to
do, the right exit code, nothing lost."""

import os
import signal
import socket
import subprocess
import unittest

from kith_process import (FAILED, INTERRUPTED, KITH, OBEYS_PERMISSIONS, OK, STEP_S, USAGE,
                          ProcessTest, with_small_disk)


class Home(ProcessTest):
    def test_a_home_is_made_and_keeps_its_id(self):
        first = self.device_id("alice")
        self.assertRegex(first, r"^[0-9a-f]{64}$")
        self.assertEqual(self.device_id("alice"), first)
        self.assertNotEqual(self.device_id("bob"), first)
        self.assertEqual((self.top / "alice").stat().st_mode & 0o777, 0o700)
        self.assertEqual((self.top / "alice" / "key").stat().st_mode & 0o777, 0o600)

    def test_a_second_process_in_one_home_names_the_first(self):
        first, _ = self.start_receive("alice")
        second = self.start("alice", "pair", "--listen", "127.0.0.1:0", "--yes")
        self.assert_hint(
            self.assert_fails(second, FAILED, "already_exists", first.process.pid))
        self.assertEqual(self.run_kith("alice", "devices").exit, OK)
        first.interrupt()
        self.assertEqual(first.finish(), INTERRUPTED)
        third, _, _ = self.start_pair("alice", "--yes")
        self.assertIsNone(third.process.poll())

    def test_a_killed_process_does_not_hold_its_home(self):
        first, _ = self.start_receive("alice")
        first.interrupt(signal.SIGKILL)
        first.finish()
        self.start_receive("alice")

    def test_a_truncated_key_file_is_not_overwritten(self):
        self.device_id("alice")
        key = self.top / "alice" / "key"
        whole = key.read_bytes()
        for length in (0, 1, len(whole) // 2, len(whole) - 1):
            with self.subTest(length=length):
                key.write_bytes(whole[:length])
                for command in (["id"], ["receive", "--listen", "127.0.0.1:0"]):
                    kith = self.start("alice", *command)
                    self.assert_hint(self.assert_fails(kith, FAILED, "corrupt", key))
                self.assertEqual(key.read_bytes(), whole[:length])

    def test_a_key_file_that_others_may_read_is_refused(self):
        self.device_id("alice")
        key = self.top / "alice" / "key"
        key.chmod(0o644)
        error = self.assert_fails(self.start("alice", "id"), FAILED, "permission_denied", key)
        self.assertIn("chmod 600", error["hint"])
        key.chmod(0o600)
        self.assertEqual(self.run_kith("alice", "id").exit, OK)

    def test_a_home_that_may_not_be_read_is_named(self):
        self.device_id("alice")
        (self.top / "alice").chmod(0)
        self.addCleanup((self.top / "alice").chmod, 0o700)
        kith = self.start("alice", "id", prefix=OBEYS_PERMISSIONS)
        self.assert_hint(self.assert_fails(kith, FAILED, "permission_denied", self.top / "alice"))

    def test_a_home_that_is_a_file_is_named(self):
        (self.top / "alice").write_text("not a directory")
        kith = self.start("alice", "id")
        self.assert_hint(self.assert_fails(kith, FAILED, "not_found", self.top / "alice"))
        self.assertEqual((self.top / "alice").read_text(), "not a directory")

    def test_a_corrupt_database_is_reported_and_left_as_it_is(self):
        self.pair("alice", "bob")
        store = self.top / "alice" / "store.db"
        whole = store.read_bytes()
        damaged = b"not a database at all" + whole[21:]
        store.write_bytes(damaged)
        for command in (["devices"], ["pair", "--listen", "127.0.0.1:0", "--yes"]):
            kith = self.start("alice", *command)
            self.assert_hint(self.assert_fails(kith, FAILED, "corrupt", store))
        self.assertEqual(store.read_bytes(), damaged)
        store.write_bytes(whole)
        self.assertEqual(len(self.devices("alice")), 1)

    def test_a_damaged_page_is_reported(self):
        self.pair("alice", "bob")
        store = self.top / "alice" / "store.db"
        whole = bytearray(store.read_bytes())
        whole[4096:] = os.urandom(len(whole) - 4096)
        store.write_bytes(whole)
        self.assert_fails(self.start("alice", "devices"), FAILED, "corrupt", store)

    def test_a_full_disk_leaves_no_half_made_home(self):
        home = self.top / "alice"
        home.mkdir(mode=0o700)
        # The smallest file system that can be mounted, filled up first.
        fill = 'head -c 1m /dev/zero > "$0/fill" 2>/dev/null; chmod 700 "$0"; exec "$@"'
        kith = self.start("alice", "id",
                          prefix=(*with_small_disk(home, "8k"), "sh", "-c", fill, home))
        self.assert_hint(self.assert_fails(kith, FAILED, "no_space"))

    def test_an_address_in_use_is_named(self):
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for command in (["pair", "--yes"], ["receive"]):
            kith = self.start("alice", *command, "--listen", address)
            self.assert_hint(self.assert_fails(kith, FAILED, "already_exists", address))

    def test_an_address_of_another_machine_cannot_be_listened_at(self):
        kith = self.start("alice", "receive", "--listen", "192.0.2.1:0")
        self.assert_hint(self.assert_fails(kith, USAGE, "invalid_argument", "192.0.2.1"))


class CommandLine(ProcessTest):
    def test_what_cannot_work_is_a_usage_error_with_a_hint(self):
        for line in (["pair", "--frobnicate"], ["frobnicate"], [], ["send", "x"], ["send"],
                     ["join"], ["receive", "--accept", "maybe"], ["pair", "--listen", "here"],
                     ["join", "words", "--at", "127.0.0.1"], ["pair", "--expires", "301"],
                     ["--log", "nonsense", "id"]):
            with self.subTest(line=line):
                kith = self.start("alice", *line)
                self.assert_hint(self.assert_fails(kith, USAGE, "invalid_argument"))
        self.assertFalse((self.top / "alice").exists())

    def test_a_person_reads_the_same_line_without_json(self):
        done = subprocess.run([KITH, "pair", "--frobnicate"], capture_output=True, text=True,
                              timeout=STEP_S)
        self.assertEqual(done.returncode, USAGE)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("kith pair --help", done.stderr)

    def test_help_names_every_command(self):
        done = subprocess.run([KITH, "--help"], capture_output=True, text=True, timeout=STEP_S)
        self.assertEqual(done.returncode, OK)
        for command in ("id", "pair", "join", "devices", "receive", "send"):
            self.assertRegex(done.stdout, rf"(?m)^\s+{command}\s")

    def test_the_environment_names_the_home(self):
        alice = self.device_id("alice")
        for variable, value in (("KITH_HOME", self.top / "alice"), ("HOME", self.top)):
            (self.top / ".kith").unlink(missing_ok=True)
            (self.top / ".kith").symlink_to(self.top / "alice")
            done = subprocess.run([KITH, "id"], capture_output=True, text=True, timeout=STEP_S,
                                  env={variable: str(value)})
            self.assertEqual(done.returncode, OK, done.stderr)
            self.assertIn(alice, done.stdout)

    def test_results_that_cannot_be_written_are_a_failure(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([KITH, "--home", self.top / "alice", "id"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=STEP_S)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn("cannot be written", done.stderr)

    def test_a_log_names_what_happens_and_no_secret(self):
        pair, words, address = self.start_pair("alice", "--yes", "--log", "all")
        join = self.run_kith("bob", "join", words, "--at", address, "--yes", "--log", "pairing")
        self.assertEqual((join.exit, pair.finish()), (OK, OK))
        self.assertIn("pairing: paired with", join.error_text())
        self.assertIn("counters: ", pair.error_text())
        self.assertNotIn(" ".join(words.split()[:3]), pair.error_text() + join.error_text())


if __name__ == "__main__":
    unittest.main()
