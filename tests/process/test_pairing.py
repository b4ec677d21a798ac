"""Pairing with twelve words, and everything that must not pair."""

import hashlib
import os
import pty
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

from kith_process import (INTERRUPTED, KITH, LOST, OK, OTHER_CODE, REFUSED, STEP_S, UNREACHABLE,
                          USAGE, ProcessTest, word_list)


class Pairing(ProcessTest):
    def test_two_devices_pair_by_the_printed_words(self):
        alice, bob = self.device_id("alice"), self.device_id("bob")
        self.assertEqual(self.pair("alice", "bob"), (alice, bob))
        self.assertEqual(self.devices("alice"), [(bob, "paired")])
        self.assertEqual(self.devices("bob"), [(alice, "paired")])

    def test_words_come_in_any_case_as_twelve_arguments_or_on_standard_input(self):
        def twelve(words):
            return words.upper().split(), subprocess.DEVNULL

        def standard_input(words):
            read, write = os.pipe()
            os.write(write, (words.title() + "\n").encode())
            # Kept open: the words are complete without the end of the input.
            self.addCleanup(os.close, write)
            self.addCleanup(os.close, read)
            return ["-"], read

        for number, given in enumerate((twelve, standard_input)):
            pair, words, address = self.start_pair(f"alice{number}", "--yes")
            arguments, stdin = given(words)
            join = self.run_kith(f"bob{number}", "join", *arguments, "--at", address, "--yes",
                                 stdin=stdin)
            self.assertEqual(join.exit, OK, join.story())
            self.assertEqual(pair.finish(), OK, pair.story())

    def test_the_code_says_how_long_it_is_valid(self):
        pair = self.start("alice", "pair", "--listen", "127.0.0.1:0", "--yes")
        code = pair.wait_for("pairing_code")
        self.assertEqual(len(code["words"].split()), 12)
        self.assertTrue(298 < code["expires_in_s"] <= 300, code)
        self.assertRegex(code["addresses"][0], r"^127\.0\.0\.1:[1-9]\d*$")

    def test_a_wrong_code_is_refused_and_the_right_joiner_still_pairs(self):
        pair, words, address = self.start_pair("alice", "--yes")
        mallory = self.start("mallory", "join", OTHER_CODE, "--at", address, "--yes")
        self.assert_hint(self.assert_fails(mallory, REFUSED, "refused"))
        join = self.run_kith("bob", "join", words, "--at", address, "--yes")
        self.assertEqual(join.exit, OK, join.story())
        self.assertEqual(pair.finish(), OK, pair.story())
        self.assertEqual(self.devices("mallory"), [])
        self.assertEqual([state for _, state in self.devices("alice")], ["paired"])

    def test_a_wrong_word_never_pairs(self):
        pair, words, address = self.start_pair("alice", "--yes")
        for wrong in with_one_wrong_word(words, count=3):
            join = self.start("mallory", "join", wrong, "--at", address, "--yes")
            self.assert_fails(join, REFUSED, "refused")
        self.assertIsNone(pair.process.poll(), pair.story())
        self.assertEqual(self.devices("mallory"), [])

    def test_bad_words_are_found_before_a_packet_is_sent(self):
        valid = OTHER_CODE.split()
        swapped = [valid[1], valid[0], *valid[2:]]
        cases = [
            (valid[:11], USAGE, "invalid_argument", "12"),
            (valid + ["zoo"], USAGE, "invalid_argument", "12"),
            ([""], USAGE, "invalid_argument", "12"),
            (["legall", *valid[1:]], USAGE, "invalid_argument", "legal"),
            (["\x1b[2J", *valid[1:]], USAGE, "invalid_argument", ""),
            (swapped, REFUSED, "corrupt", ""),
        ]
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        for words, exit_code, code, mentioned in cases:
            with self.subTest(words=words):
                join = self.start("bob", "join", *words, "--at", address, "--yes")
                self.assert_hint(self.assert_fails(join, exit_code, code, mentioned))
                self.assertNotIn("\x1b", join.error_text())
        listener.setblocking(False)
        with self.assertRaises(BlockingIOError):
            listener.recv(1)

    def test_an_unused_code_expires(self):
        pair, words, address = self.start_pair("alice", "--yes", "--expires", "1")
        self.assert_hint(self.assert_fails(pair, LOST, "timed_out"))
        join = self.start("bob", "join", words, "--at", address, "--yes")
        self.assert_fails(join, UNREACHABLE, "unreachable")
        self.assertEqual(self.devices("alice") + self.devices("bob"), [])

    def test_a_used_code_pairs_nobody_else(self):
        pair, words, address = self.start_pair("alice", "--yes")
        join = self.run_kith("bob", "join", words, "--at", address, "--yes")
        self.assertEqual((join.exit, pair.finish()), (OK, OK))
        late = self.start("mallory", "join", words, "--at", address, "--yes")
        self.assert_fails(late, UNREACHABLE, "unreachable")
        self.assertEqual(self.devices("mallory"), [])

    def test_an_interrupted_pairing_ends_cleanly_and_voids_its_words(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            pair, words, address = self.start_pair("alice", "--yes")
            pair.interrupt(number)
            self.assert_fails(pair, INTERRUPTED, "cancelled")
        again, _, _ = self.start_pair("alice", "--yes")
        join = self.start("bob", "join", words, "--at", address_of(again), "--yes")
        self.assert_fails(join, REFUSED, "refused")

    def test_an_interrupted_join_ends_cleanly(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(STEP_S)
        join = self.start("bob", "join", OTHER_CODE, "--yes",
                          "--at", f"127.0.0.1:{silent.getsockname()[1]}")
        silent.recv(2048)
        join.interrupt()
        self.assert_fails(join, INTERRUPTED, "cancelled")

    def test_reading_the_words_can_be_interrupted(self):
        read, write = os.pipe()
        self.addCleanup(os.close, write)
        self.addCleanup(os.close, read)
        join = self.start("bob", "join", "-", stdin=read)
        time.sleep(0.5)  # nothing tells that it reads
        join.interrupt()
        self.assert_fails(join, INTERRUPTED, "cancelled")

    def test_nobody_is_confirmed_without_a_terminal_and_without_yes(self):
        pair, words, address = self.start_pair("alice")
        join = self.start("bob", "join", words, "--at", address, "--yes")
        self.assert_fails(join, REFUSED, "refused")
        self.assert_hint(self.assert_fails(pair, REFUSED, "refused", "--yes"))
        self.assert_declined()

    def test_two_people_confirm_the_same_fingerprint(self):
        alice = Terminal(self, "alice", "pair", "--listen", "127.0.0.1:0")
        command = alice.wait_for(r"kith join --at (\S+) ((?:[a-z]+ ?){12})")
        self.assertIn("▀", alice.text())  # the words as a QR code
        bob = Terminal(self, "bob", "join", *command[2].split(), "--at", command[1])
        prints = [side.wait_for(r"fingerprint (.*?) on both screens\? \[y/N\]")[1]
                  for side in (alice, bob)]
        self.assertEqual(prints[0], prints[1])
        alice.type("y\n")
        bob.type("yes\n")
        self.assertEqual((alice.finish(), bob.finish()), (OK, OK), alice.text() + bob.text())
        self.assertEqual(len(self.devices("alice")), 1)

    def test_a_person_says_no(self):
        alice = Terminal(self, "alice", "pair", "--listen", "127.0.0.1:0")
        command = alice.wait_for(r"kith join --at (\S+) ((?:[a-z]+ ?){12})")
        bob = self.start("bob", "join", command[2], "--at", command[1], "--yes")
        alice.wait_for(r"\[y/N\]")
        alice.type("n\n")
        self.assertEqual(alice.finish(), REFUSED, alice.text())
        self.assert_fails(bob, REFUSED, "refused")
        self.assert_declined()

    def assert_declined(self):
        self.assertEqual(self.devices("alice") + self.devices("bob"), [])

    def test_a_used_code_is_refused_while_the_initiator_still_runs(self):
        alice = Terminal(self, "alice", "pair", "--listen", "127.0.0.1:0")
        command = alice.wait_for(r"kith join --at (\S+) ((?:[a-z]+ ?){12})")
        bob = self.start("bob", "join", command[2], "--at", command[1], "--yes")
        alice.wait_for(r"\[y/N\]")
        late = self.start("mallory", "join", command[2], "--at", command[1], "--yes")
        self.assert_fails(late, REFUSED, "refused")
        alice.type("y\n")
        self.assertEqual((alice.finish(), bob.finish()), (OK, OK), alice.text() + bob.story())


class Terminal:
    """A process on a pseudo-terminal, as a person sees it."""

    def __init__(self, test, home, *arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([KITH, "--home", test.top / home, *arguments],
                                        stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self.shown = b""
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        test.addCleanup(self.close)

    def _read(self):
        while True:
            try:
                more = os.read(self.master, 65536)
            except OSError:  # the other end is closed
                return
            with self.changed:
                self.shown += more
                self.changed.notify_all()

    def text(self):
        return self.shown.decode(errors="replace")

    def wait_for(self, pattern):
        deadline = time.monotonic() + STEP_S
        with self.changed:
            while not (found := re.search(pattern, self.text())):
                if not self.changed.wait(max(0, deadline - time.monotonic())):
                    raise AssertionError(f"no '{pattern}' in:\n{self.text()}")
        return found

    def type(self, text):
        os.write(self.master, text.encode())

    def finish(self):
        code = self.process.wait(STEP_S)
        self.reader.join(STEP_S)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(STEP_S)
        os.close(self.master)


def address_of(pair):
    return pair.all("pairing_code")[0]["addresses"][0]


def with_one_wrong_word(words, count):
    """Codes that differ from this one in one word and have a valid checksum."""
    listed = word_list()
    words = words.split()
    found = []
    for candidate in listed:
        for position in (0, 5):
            wrong = list(words)
            wrong[position] = candidate
            if wrong != words and has_valid_checksum([listed.index(word) for word in wrong]):
                found.append(" ".join(wrong))
                if len(found) == count:
                    return found
    raise AssertionError("no such code")


def has_valid_checksum(indices):
    """BIP-0039: 128 bits of entropy, then the first 4 bits of its SHA-256."""
    bits = 0
    for index in indices:
        bits = bits << 11 | index
    entropy = (bits >> 4).to_bytes(16, "big")
    return hashlib.sha256(entropy).digest()[0] >> 4 == bits & 0xF


if __name__ == "__main__":
    unittest.main()
