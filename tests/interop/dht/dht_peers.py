"""Nodes of the DHT of several makes, each a process on loopback, told the same things."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "process")]

from kith_process import Kith as Process  # noqa: E402

DHT_PEER = os.environ["DHT_PEER"]
DHT_HOME = Path(os.environ["DHT_HOME"])
SKIPPED = 77

# RFC 8032 section 7.1, tests 1 to 3: seed and public key.
KEYS = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"),
]


class Peer(Process):
    """A node: `serve` is known to all others of a test, `use` comes to put or get."""
    command = [DHT_PEER]
    environment = {}

    def __init__(self, role, *bootstrap):
        self._run([*self.command, role, *bootstrap], stdin=subprocess.PIPE,
                  env={**os.environ, **self.environment})
        self.address = self.wait_for("listening")["address"]
        self.known = self.wait_for("ready")["nodes"]

    def tell(self, *words, wait_for):
        line = " ".join(str(word) if word != "" else "-" for word in words)
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()
        return self.wait_for(wait_for)

    def put_immutable(self, value):
        return self.tell("put-immutable", value.hex(), wait_for="put")

    def put_mutable(self, key, salt, seq, value, *cas):
        return self.tell("put-mutable", key[0], salt.hex(), seq, value.hex(), *cas, wait_for="put")

    def get_immutable(self, target):
        return self.got(self.tell("get-immutable", target, wait_for="got"))[0]

    def get_mutable(self, key, salt):
        """The value and its number; None and None where there is nothing."""
        return self.got(self.tell("get-mutable", key[1], salt.hex(), wait_for="got"))

    @staticmethod
    def got(event):
        return event["value"] and bytes.fromhex(event["value"]), event["seq"]

    def close(self):
        self.process.stdin.close()
        super().close()


class Kith(Peer):
    def count_kept(self):
        return self.tell("count-kept", wait_for="kept")["items"]

    def publish_pkarr(self, key, seq, shared, relay, sealed, open_addresses):
        return self.tell("publish-pkarr", key[0], seq, shared.hex(), relay, ",".join(sealed),
                         ",".join(open_addresses), wait_for="put")

    def resolve_pkarr(self, key, shared):
        return self.tell("resolve-pkarr", key[1], shared.hex(), wait_for="resolved")


class BittorrentDht(Peer):
    command = ["node", HERE / "bittorrent_dht_peer.mjs"]
    environment = {"DHT_HOME": str(DHT_HOME)}

    def publish_pkarr(self, key, seq, records):
        """Of (label, text), and an address of www."""
        return self.tell("publish-pkarr", key[0], seq,
                         *(f"{label}={text.encode().hex()}" for label, text in records),
                         wait_for="put")

    def resolve_pkarr(self, key):
        return self.tell("resolve-pkarr", key[1], wait_for="resolved")


class Libtorrent(Peer):
    # Debian's module is of Debian's Python, which need not be the one that runs this.
    command = ["/usr/bin/python3", "-B", HERE / "libtorrent_peer.py"]

    def put_mutable(self, key, salt, seq, value):
        """It numbers on its own; `seq` is what the test expects of it."""
        put = self.tell("put-mutable", *key, salt.hex(), value.hex(), wait_for="put")
        assert put["seq"] == seq, put
        return put


class DhtTest(unittest.TestCase):
    """What holds of every pair of makes: one keeps what others put and get."""
    other = None

    def start(self, make, role, *servers):
        peer = make(role, *(server.address for server in servers))
        self.addCleanup(peer.close)
        return peer

    def ways(self):
        """Who keeps, who puts, who gets: two makes, each in every part."""
        return [(server, writer, reader) for server in (Kith, self.other)
                for writer, reader in ((Kith, self.other), (self.other, Kith))]

    def assert_put(self, put):
        self.assertGreaterEqual(put["stored"], 1, put)
        self.assertFalse(put.get("refused"), put)

    def assert_keeps(self, server, items):
        """Of kith, as a writer of another make may keep a copy that hides that it was refused."""
        if isinstance(server, Kith):
            self.assertEqual(server.count_kept(), items)


class EveryMake:
    """Mixed into a DhtTest."""

    def test_an_immutable_item_comes_back(self):
        for make, writer, reader in self.ways():
            with self.subTest(server=make.__name__, writer=writer.__name__):
                server = self.start(make, "serve")
                first = self.start(writer, "use", server)
                put = first.put_immutable(b"named by its hash")
                self.assert_put(put)
                self.assert_keeps(server, 1)
                second = self.start(reader, "use", server)
                self.assertEqual(second.get_immutable(put["target"]), b"named by its hash")

    def test_a_mutable_item_comes_back_and_a_later_one_replaces_it(self):
        for make, writer, reader in self.ways():
            server = self.start(make, "serve")
            first, second, third = (self.start(each, "use", server)
                                    for each in (writer, reader, writer))
            for key, salt in ((KEYS[0], b""), (KEYS[0], b"a salt"), (KEYS[1], b"s" * 64)):
                with self.subTest(server=make.__name__, writer=writer.__name__, salt=salt):
                    self.assert_put(first.put_mutable(key, salt, 1, b"one " + salt))
                    self.assertEqual(second.get_mutable(key, salt), (b"one " + salt, 1))
                    self.assert_put(second.put_mutable(key, salt, 2, b"two " + salt))
                    self.assertEqual(third.get_mutable(key, salt), (b"two " + salt, 2))
            self.assert_keeps(server, 3)

    def test_kith_puts_no_earlier_number_over_a_later_one(self):
        for make in (Kith, self.other):
            with self.subTest(server=make.__name__):
                server = self.start(make, "serve")
                late = self.start(self.other, "use", server)
                self.assert_put(late.put_mutable(KEYS[2], b"", 1, b"later"))
                early = self.start(Kith, "use", server)
                put = early.put_mutable(KEYS[2], b"", 0, b"earlier")
                self.assertEqual((put["stored"], put["newer"]), (0, 1))
                self.assertEqual(early.get_mutable(KEYS[2], b""), (b"later", 1))

    def test_nothing_comes_of_what_nobody_put(self):
        for server, reader in ((Kith, self.other), (self.other, Kith)):
            with self.subTest(server=server.__name__):
                peer = self.start(reader, "use", self.start(server, "serve"))
                self.assertEqual(peer.get_mutable(KEYS[1], b"nobody's"), (None, None))
                self.assertEqual(peer.get_immutable("ab" * 20), None)

    def test_the_largest_value_comes_back(self):
        value = bytes(range(256)) * 3 + b"x" * 228  # with its length and colon 1000 bytes
        for make, writer, reader in self.ways():
            with self.subTest(server=make.__name__, writer=writer.__name__):
                server = self.start(make, "serve")
                first = self.start(writer, "use", server)
                self.assert_put(first.put_mutable(KEYS[0], b"large", 1, value))
                self.assert_keeps(server, 1)
                second = self.start(reader, "use", server)
                self.assertEqual(second.get_mutable(KEYS[0], b"large"), (value, 1))


def main(prepare):
    """Runs the tests, or none without what they need: that fails only where it counts."""
    try:
        print(prepare(), file=sys.stderr)
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") else SKIPPED)
    unittest.main()
