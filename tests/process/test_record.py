"""Recordings of real processes: they replay alone to the same hash, and an altered one is found."""

import json
import os
import re
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from kith_process import (FAILED, OBEYS_PERMISSIONS, OK, OTHER_CODE, USAGE, ProcessTest,
                          with_small_disk)

KITH_SIM = Path(os.environ["KITH_SIM"]).resolve()
CONTENT = b"the content of the file " * 4000

# What a replay says of the recording: 0 the same, 1 altered, 2 not readable to its end.
SAME, DIVERGED, UNREADABLE = 0, 1, 2


class Recordings(ProcessTest):
    def setUp(self):
        super().setUp()
        self.file = self.top / "planted-name.txt"
        self.file.write_bytes(CONTENT)

    def replay(self, recording, *options):
        """Where there is nothing else: no home, no file, no network."""
        with tempfile.TemporaryDirectory(dir=self.top) as empty:
            return subprocess.run([KITH_SIM, "replay", recording.resolve(), *options], cwd=empty,
                                  env={}, text=True, capture_output=True, check=False)

    def assert_replays(self, kith, recording):
        """To the hash that the process told when it ended, which is also kept in the file."""
        told = re.search(r"^kith: Recorded (\d+) steps, trace hash ([0-9a-f]{64})$",
                         kith.error_text(), re.MULTILINE)
        self.assertTrue(told, kith.story())
        replay = self.replay(recording, "--json")
        self.assertEqual(replay.returncode, SAME, replay.stdout + replay.stderr)
        report = json.loads(replay.stdout)
        self.assertEqual(report["trace_hash"], told[2])
        self.assertEqual(report["steps"], int(told[1]))
        self.assertEqual(report["end"], "stopped")
        self.assertGreater(report["inputs"], 5)
        self.assertIn(bytes.fromhex(told[2]), recording.read_bytes()[-256:])

    def record_everything(self):
        """A life of two devices; gives what each command recorded."""
        recorded = {}

        def record(name):
            recorded[name] = (None, self.top / f"{name}.kithrec")
            return ("--record", recorded[name][1])

        def ended(name, kith):
            recorded[name] = (kith, recorded[name][1])

        pair, words, address = self.start_pair("alice", "--yes", *record("pair"))
        join = self.run_kith("bob", "join", words, "--at", address, "--yes", *record("join"))
        ended("join", join)
        self.assertEqual((join.exit, pair.finish()), (OK, OK), join.story())
        ended("pair", pair)
        bob = pair.all("paired")[0]["device_id"]
        receive, address = self.start_receive("bob", *record("receive"))
        send = self.run_kith("alice", "send", self.file, "--to", bob, "--at", address,
                             *record("send"))
        self.assertEqual(send.exit, OK, send.story())
        ended("send", send)
        message = self.run_kith("alice", "message", bob, '"planted-body"', "--at", address,
                                *record("message"))
        self.assertEqual(message.exit, OK, message.story())
        ended("message", message)
        receive.wait_for("message")
        receive.interrupt()
        receive.finish()
        ended("receive", receive)
        return recorded, words

    def test_every_command_that_networks_replays_without_its_files(self):
        recorded, _ = self.record_everything()
        self.file.unlink()
        self.assertEqual(set(recorded), {"pair", "join", "receive", "send", "message"})
        for name, (kith, recording) in recorded.items():
            with self.subTest(name):
                self.assert_replays(kith, recording)
                self.assertEqual(stat.S_IMODE(recording.stat().st_mode), 0o600)
                self.assertIn("this device's keys", kith.error_text())

    def test_an_application_of_ones_own_replays_too(self):
        listened, dialed = self.top / "listen.kithrec", self.top / "dial.kithrec"
        echo, device_id, address = self.start_echo("alice", "--record", listened)
        dial = self.dial("bob", device_id, address, "--bytes", "100000", "--record", dialed)
        self.assertEqual(dial.exit, OK, dial.story())
        echo.wait_for("echoed")
        echo.interrupt()
        echo.finish()
        self.assert_replays(dial, dialed)
        self.assert_replays(echo, listened)

    def test_an_altered_recording_is_refused_at_the_step_that_was_altered(self):
        recorded, _ = self.record_everything()
        whole = bytearray(recorded["send"][1].read_bytes())
        altered = self.top / "altered"
        # The content that was read is an input: one letter of it becomes another.
        whole[whole.index(b"the content") + 4] ^= 1
        altered.write_bytes(whole)
        replay = self.replay(altered)
        self.assertEqual(replay.returncode, UNREADABLE, replay.stderr)
        self.assertIn("damaged", replay.stderr)

        step = with_right_checksums(whole)
        altered.write_bytes(whole)
        replay = self.replay(altered, "--json")
        self.assertEqual(replay.returncode, DIVERGED, replay.stderr)
        self.assertEqual(json.loads(replay.stdout)["diverged"]["step"], step)
        self.assertIn(f"Step {step}, ", replay.stderr)
        self.assertIn("FileCompleted", replay.stderr)

    def test_a_process_that_is_killed_leaves_what_can_be_replayed(self):
        recording = self.top / "killed"
        receive, _ = self.start_receive("bob", "--record", recording)
        receive.process.kill()
        receive.finish()
        replay = self.replay(recording, "--json")
        self.assertEqual(replay.returncode, UNREADABLE)
        self.assertIn("was killed", replay.stderr)
        report = json.loads(replay.stdout)
        self.assertEqual((report["end"], report["diverged"]), ("cut", None))
        self.assertGreater(report["steps"], 3)

    def test_a_recording_ends_at_its_limit_and_the_run_goes_on(self):
        self.pair("alice", "bob")
        bob = self.device_id("bob")
        receive, address = self.start_receive("bob")
        recording = self.top / "limited"
        send = self.run_kith("alice", "send", self.file, "--to", bob, "--at", address,
                             "--record", recording, "--record-limit", "65536")
        self.assertEqual(send.exit, OK, send.story())
        self.assertEqual((self.inbox / self.file.name).read_bytes(), CONTENT)
        self.assertIn("limit of 65536 bytes", send.error_text())
        self.assertLessEqual(recording.stat().st_size, 65536)
        replay = self.replay(recording, "--json")
        self.assertEqual(replay.returncode, SAME, replay.stderr)
        report = json.loads(replay.stdout)
        self.assertEqual(report["end"], "limit")
        self.assertIn(report["trace_hash"], send.error_text())
        receive.interrupt()
        receive.finish()

    def test_a_redacted_recording_tells_the_story_and_no_secret(self):
        recorded, words = self.record_everything()
        secrets = ["planted", "alice", "bob", str(self.top), "127.0.0.1", self.device_id("alice"),
                   self.device_id("bob"), *re.findall(r"\S+ \S+", words), "the content"]
        for name, (_, recording) in recorded.items():
            redacted = self.replay(recording, "--redact")
            self.assertEqual(redacted.returncode, SAME, redacted.stderr)
            for secret in secrets:
                self.assertNotIn(secret, redacted.stdout, name)
            timeline = [json.loads(line) for line in redacted.stdout.splitlines()]
            self.assertEqual([line["step"] for line in timeline],
                             list(range(1, len(timeline) + 1)))
            self.assertEqual((timeline[0]["kind"], timeline[-1]["kind"]), ("started", "ended"))
        told = {line.get("input") for line in timeline}
        self.assertIn("SendMessage", told)
        # What is searched for is in the recordings.
        everything = b"".join(recording.read_bytes() for _, recording in recorded.values())
        for secret in ("planted-name.txt", "planted-body", str(self.top), "the content"):
            self.assertIn(secret.encode(), everything)

    def test_a_file_that_cannot_be_recorded_to_is_refused_before_anything_happens(self):
        taken = self.top / "taken"
        taken.write_text("mine")
        closed = self.top / "closed"
        closed.mkdir(mode=0o500)
        for path, code in ((taken, "already_exists"), ("/dev/full", "already_exists"),
                           (self.top / "no" / "such", "not_found"),
                           (closed / "it", "permission_denied")):
            with self.subTest(path):
                pair = self.start("alice", "pair", "--record", path, prefix=OBEYS_PERMISSIONS)
                self.assert_hint(self.assert_fails(pair, FAILED, code, path))
                self.assertEqual(pair.all("pairing_code"), [])
        self.assertEqual(taken.read_text(), "mine")

    def test_a_full_disk_is_said_and_a_later_one_ends_only_the_recording(self):
        disk = self.top / "disk"
        disk.mkdir()
        fill = ("sh", "-c", 'head -c 1M /dev/zero > "$0" 2>&-; exec "$@"', disk / "filling")
        pair = self.start("alice", "pair", "--record", disk / "it",
                          prefix=(*with_small_disk(disk, "64k"), *fill))
        self.assert_hint(self.assert_fails(pair, FAILED, "no_space", disk / "it"))

        self.pair("alice", "bob")
        receive, address = self.start_receive("bob")
        send = self.run_kith("alice", "send", self.file, "--to", self.device_id("bob"),
                             "--at", address, "--record", disk / "it",
                             prefix=with_small_disk(disk, "64k"))
        self.assertEqual(send.exit, OK, send.story())
        self.assertIn("The recording ends here", send.error_text())
        self.assertEqual((self.inbox / self.file.name).read_bytes(), CONTENT)
        receive.interrupt()
        receive.finish()

    def test_a_limit_without_a_recording_or_too_small_is_usage(self):
        for options in (("--record-limit", "1GB"),
                        ("--record", self.top / "it", "--record-limit", "100")):
            join = self.start("alice", "join", OTHER_CODE, *options)
            self.assert_hint(self.assert_fails(join, USAGE, "invalid_argument"))

    def test_what_is_no_recording_is_said_so(self):
        replay = self.replay(self.file)
        self.assertEqual(replay.returncode, UNREADABLE)
        self.assertIn("is not a recording of kith", replay.stderr)


def with_right_checksums(recording):
    """Makes the first frame whose checksum is wrong right, in place; gives its number from 1. The
    checksum is the first 8 bytes of a BLAKE3 (schemas/trace.md)."""
    at, step = 12, 1
    while at < len(recording):
        length = int.from_bytes(recording[at:at + 4], "big")
        frame = recording[at + 12:at + 12 + length]
        listed = subprocess.run(["b3sum", "--no-names"], check=True, input=frame,
                                stdout=subprocess.PIPE)
        checksum = bytes.fromhex(listed.stdout.decode().strip())[:8]
        if recording[at + 4:at + 12] != checksum:
            recording[at + 4:at + 12] = checksum
            return step
        at, step = at + 12 + length, step + 1
    raise AssertionError("no frame was altered")


if __name__ == "__main__":
    unittest.main()
