"""Files and trees between paired devices, and everything that must not be written."""

import os
import signal
import time
import unittest
from pathlib import Path

from kith_process import (FAILED, INTERRUPTED, LOST, OBEYS_PERMISSIONS, OK, REFUSED, UNREACHABLE,
                          USAGE, ProcessTest, b3sum, with_small_disk)

# A peer that leaves says so; one that does not is missed after 30 s.
TOLD_S = 20

NOT_UTF8 = b"caf\xe9\n\x1b[2J"


class Transfer(ProcessTest):
    def setUp(self):
        super().setUp()
        self.alice, self.bob = self.pair("alice", "bob")

    def test_a_file_arrives_with_the_digest_of_b3sum(self):
        source = self.make_file("file.bin", 5_000_000)
        send, receive = self.send([source])
        sent, received = send.all("sent"), receive.all("received")
        self.assertEqual((len(sent), len(received)), (1, 1))
        self.assertEqual(sent[0]["path"], str(source))
        self.assertEqual(received[0]["path"], str(self.inbox / "file.bin"))
        for event in (sent[0], received[0]):
            self.assertEqual(event["digest"], b3sum(source))
            self.assertEqual(event["bytes"], 5_000_000)
        self.assertGreater(sent[0]["seconds"], 0)
        self.assertEqual((self.inbox / "file.bin").read_bytes(), source.read_bytes())

    def test_progress_never_goes_back_and_ends_at_the_end(self):
        send, receive = self.send([self.make_file("file.bin", 50_000_000)])
        for side in (send, receive):
            progress = side.all("progress")
            self.assertTrue(progress)
            done = [event["bytes_done"] for event in progress]
            self.assertEqual(done, sorted(done))
            self.assertEqual(progress[-1]["bytes_done"], progress[-1]["bytes_total"])
            self.assertEqual(len({event["transfer"] for event in progress}), 1)
            self.assertEqual(set(progress[0]), {"event", "transfer", "bytes_done", "bytes_total",
                                                "rate_bps", "eta_s"})

    def test_a_tree_arrives_as_it_was(self):
        tree = self.make_tree()
        send, receive = self.send([tree])
        self.assertEqual(describe(self.inbox / "tree"), describe(tree))
        self.assertEqual(send.all("sent")[0]["digest"], receive.all("received")[0]["digest"])

    def test_a_name_that_is_not_utf8_is_reported_byte_by_byte(self):
        source = Path(os.fsdecode(os.fsencode(self.top) + b"/" + NOT_UTF8))
        source.write_bytes(b"content")
        send, receive = self.send([source])
        arrived = os.fsencode(self.inbox) + b"/" + NOT_UTF8
        self.assertEqual(Path(os.fsdecode(arrived)).read_bytes(), b"content")
        self.assertEqual(bytes.fromhex(send.all("sent")[0]["path_hex"]), os.fsencode(source))
        self.assertEqual(bytes.fromhex(receive.all("received")[0]["path_hex"]), arrived)

    def test_several_paths_go_in_one_transfer_into_a_subdirectory(self):
        paths = [self.make_file("one", 10), self.make_file("two", 0), self.make_tree()]
        send, receive = self.send(paths, "--dest", "from/bob")
        self.assertEqual(sorted(os.listdir(self.inbox / "from/bob")), ["one", "tree", "two"])
        self.assertEqual(sorted(event["path"] for event in send.all("sent")),
                         sorted(str(path) for path in paths))
        self.assertEqual(len(receive.all("incoming")), 1)
        self.assertEqual(len(receive.all("received")), 3)

    def test_a_second_file_of_the_same_name_overwrites_nothing(self):
        source = self.make_file("file", 100)
        self.send([source])
        first = (self.inbox / "file").read_bytes()
        source.write_bytes(b"other")
        _, receive = self.send([source])
        self.assertEqual((self.inbox / "file").read_bytes(), first)
        second = Path(receive.all("received")[0]["path"])
        self.assertNotEqual(second, self.inbox / "file")
        self.assertEqual(second.read_bytes(), b"other")

    def test_a_receiver_goes_on_until_it_is_interrupted(self):
        receive, address = self.start_receive("alice")
        for number in range(2):
            send = self.start_send([self.make_file(f"file{number}", 100)], address)
            self.assertEqual(send.finish(), OK, send.story())
            receive.wait_for("received")
        receive.interrupt(signal.SIGTERM)
        self.assert_fails(receive, INTERRUPTED, "cancelled")

    def test_a_receiver_listens_where_its_addresses_say(self):
        receive = self.start("alice", "receive", "--once", "--inbox", self.inbox,
                             "--accept", "all")
        listening = receive.wait_for("listening")
        self.assertEqual(listening["device_id"], self.alice)
        send = self.start_send([self.make_file("file", 100)], listening["addresses"][0])
        self.assertEqual((send.finish(), receive.finish()), (OK, OK), receive.story())

    def test_a_device_is_named_by_its_name_or_its_id(self):
        receive, address = self.start_receive("alice")
        source = self.make_file("file", 1)
        name = self.run_kith("bob", "devices").seen[0]["name"]
        for given in (name, self.alice, self.alice.upper()):
            send = self.start_send([source], address, to=given)
            self.assertEqual(send.finish(), OK, send.story())
        send = self.start_send([source], address, to="nobody I know")
        self.assert_hint(self.assert_fails(send, REFUSED, "refused", "nobody I know"))

    def test_an_ambiguous_name_lists_the_devices(self):
        (self.top / "carol").mkdir(mode=0o700)
        names = [event["name"] for event in self.run_kith("bob", "devices").seen]
        (self.top / "carol" / "name").write_text(names[0] + "\n")
        carol, _ = self.pair("carol", "bob")
        send = self.start_send([self.make_file("file", 1)], "127.0.0.1:9", to=names[0])
        self.assert_hint(self.assert_fails(send, USAGE, "invalid_argument", carol, self.alice))

    def test_a_declined_transfer_writes_nothing(self):
        for accept in ("none", "ask"):  # nobody can be asked here
            receive, address = self.start_receive("alice", "--once", accept=accept)
            send = self.start_send([self.make_file("file", 1000)], address)
            self.assert_fails(send, REFUSED, "refused")
            self.assert_fails(receive, REFUSED, "refused")
            self.assert_nothing_in(self.inbox)

    def test_a_sender_that_is_not_paired_is_refused(self):
        receive, address = self.start_receive("alice")
        send = self.start("mallory", "send", self.make_file("file", 1), "--to", self.alice,
                          "--at", address)
        self.assert_hint(self.assert_fails(send, REFUSED, "refused"))
        self.assert_nothing_in(self.inbox)

    def test_a_sender_that_was_removed_is_refused_by_the_receiver(self):
        for change in ("block", "remove"):
            self.assertEqual(self.run_kith("alice", "devices", change, self.bob).exit, OK)
            receive, address = self.start_receive("alice")
            send = self.start_send([self.make_file("file", 1)], address)
            self.assert_fails(send, REFUSED, "refused")
            self.assert_nothing_in(self.inbox)
            receive.interrupt()
            self.assertEqual(receive.finish(), INTERRUPTED)
            self.assertEqual(receive.all("incoming"), [])
        self.assertEqual(self.devices("alice"), [])

    def test_a_receiver_that_is_not_the_paired_device_gets_nothing(self):
        receive, address = self.start_receive("mallory")
        send = self.start_send([self.make_file("file", 1)], address)
        self.assert_fails(send, REFUSED, "refused")
        self.assert_nothing_in(self.inbox)

    def test_a_device_that_is_not_there_is_unreachable(self):
        send = self.start_send([self.make_file("file", 1)], "127.0.0.1:9")
        self.assert_hint(self.assert_fails(send, UNREACHABLE, "unreachable"))

    def test_what_is_not_there_is_not_sent(self):
        send = self.start_send([self.top / "missing"], "127.0.0.1:9")
        self.assert_hint(self.assert_fails(send, FAILED, "not_found", "missing"))

    def test_an_unreadable_path_is_named(self):
        source = self.make_file("secret", 10)
        source.chmod(0)
        receive, address = self.start_receive("alice")
        send = self.start_send([source], address, prefix=OBEYS_PERMISSIONS)
        self.assert_fails(send, FAILED, "permission_denied", "secret")
        self.assert_nothing_in(self.inbox)

    def test_an_inbox_that_may_not_be_written_is_found_at_the_start(self):
        self.inbox.chmod(0o555)
        receive = self.start("alice", "receive", "--listen", "127.0.0.1:0", "--inbox", self.inbox,
                             "--accept", "all", prefix=OBEYS_PERMISSIONS)
        self.assert_hint(self.assert_fails(receive, FAILED, "permission_denied", self.inbox))

    def test_a_full_disk_ends_the_transfer_and_loses_nothing(self):
        receive, address = self.start_receive("alice", "--once",
                                              prefix=with_small_disk(self.inbox, "1m"))
        source = self.make_file("file", 5_000_000)
        send = self.start_send([source], address)
        self.assert_hint(self.assert_fails(send, FAILED, "no_space"))
        self.assert_hint(self.assert_fails(receive, FAILED, "no_space"))
        self.send([source])
        self.assertEqual(b3sum(self.inbox / "file"), b3sum(source))

    def test_an_interrupted_sender_leaves_no_file_under_its_final_name(self):
        receive, address = self.start_receive("alice", "--once")
        send = self.start_send([self.make_huge_file()], address)
        send.wait_for("progress")
        send.interrupt()
        self.assert_fails(send, INTERRUPTED, "cancelled")
        self.assertIn(receive.finish(TOLD_S), (REFUSED, LOST), receive.story())
        self.assertFalse((self.inbox / "huge").exists())

    def test_an_interrupted_receiver_tells_the_sender(self):
        receive, address = self.start_receive("alice")
        send = self.start_send([self.make_huge_file()], address)
        receive.wait_for("progress")
        receive.interrupt()
        self.assert_fails(receive, INTERRUPTED, "cancelled")
        self.assertIn(send.finish(TOLD_S), (REFUSED, LOST), send.story())
        self.assertFalse((self.inbox / "huge").exists())

    def test_a_killed_receiver_is_noticed(self):
        receive, address = self.start_receive("alice")
        send = self.start_send([self.make_huge_file()], address)
        receive.wait_for("progress")
        receive.interrupt(signal.SIGKILL)
        receive.finish()
        self.assertEqual(send.finish(90), LOST, send.story())

    def make_file(self, name, size):
        path = self.top / name
        path.write_bytes(os.urandom(size))
        return path

    def make_huge_file(self):
        """Large enough that it cannot be through before a signal arrives; takes no space here."""
        path = self.top / "huge"
        with open(path, "wb") as file:
            file.truncate(64 << 30)
        return path

    def make_tree(self):
        tree = self.top / "tree"
        deep = tree.joinpath(*["deeper"] * 60)
        deep.mkdir(parents=True)
        (deep / "bottom").write_bytes(b"deep down")
        (tree / "empty directory").mkdir()
        (tree / "empty file").touch()
        (tree / "executable").write_bytes(b"#!/bin/sh\n")
        (tree / "executable").chmod(0o755)
        Path(os.fsdecode(os.fsencode(tree) + b"/" + NOT_UTF8)).write_bytes(b"bytes")
        many = tree / "many"
        many.mkdir()
        for number in range(300):
            (many / str(number)).write_bytes(os.urandom(number * 7))
        large = tree / "large"
        large.write_bytes(os.urandom(3_000_001))
        os.utime(large, (1_000_000_000, 1_000_000_000))
        return tree

    def start_send(self, paths, address, *arguments, to=None, **options):
        return self.start("bob", "send", *paths, "--to", to or self.alice, "--at", address,
                          *arguments, **options)

    def send(self, paths, *arguments):
        """One transfer from bob to alice that succeeds; gives both processes."""
        receive, address = self.start_receive("alice", "--once")
        send = self.start_send(paths, address, *arguments)
        self.assertEqual(send.finish(), OK, send.story() + receive.error_text())
        self.assertEqual(receive.finish(), OK, receive.story())
        return send, receive


def describe(top):
    """What a tree is made of: path -> type, permissions, time of change, content."""
    found = {}
    top = os.fsencode(top)
    for folder, _, files in os.walk(top):
        info = os.stat(folder)
        found[os.path.relpath(folder, top)] = ("directory", info.st_mode)
        for name in files:
            path = os.path.join(folder, name)
            info = os.stat(path)
            with open(path, "rb") as file:
                found[os.path.relpath(path, top)] = (info.st_mode, info.st_mtime_ns, file.read())
    return found


if __name__ == "__main__":
    unittest.main()
