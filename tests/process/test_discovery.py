"""Devices that find each other by themselves: on one LAN by multicast DNS, and across routers by a
DHT of their own. No address is given to anyone."""

import os
import re
import subprocess
import sys
import unittest

import networks
from kith_process import INTERRUPTED, OK, UNREACHABLE, ProcessTest

SKIPPED = 77
CONTENT = os.urandom(1_000_000)
# Both sides look, and nobody is told an address.
LAN = {**os.environ, "KITH_NO_MDNS": "0", "KITH_NO_DHT": "1"}
DHT = {**os.environ, "KITH_NO_MDNS": "1", "KITH_NO_DHT": "0"}
DHT_PORT = 6881
# All ports that a machine gives, of which one is not in use over IPv6 until standard input ends.
PORT_RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
FREE_PORTS = "50000 50002"
TAKE = """
import socket, sys
taken = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(2)]
for port, each in zip((50000, 50002), taken):
    each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    each.bind(("::", port))
print("taken", flush=True)
sys.stdin.read()
"""


class Discovery(ProcessTest):
    def make(self, machines, routed):
        self.networks = networks.Networks(machines, routed)
        self.addCleanup(self.networks.close)

    def pair_by_words(self, env, *options):
        on = self.networks.on
        pair = self.start("alice", "pair", "--yes", *options, prefix=on("alice"), env=env)
        words = pair.wait_for("pairing_code")["words"]
        join = self.start("bob", "join", words, "--yes", *options, prefix=on("bob"), env=env)
        self.assertEqual(join.finish(), OK, join.story())
        self.assertEqual(pair.finish(), OK, pair.story())
        return join.all("paired")[0]["device_id"]

    def send(self, alice, env, *options):
        on = self.networks.on
        receive = self.start("alice", "receive", "--inbox", self.inbox, "--accept", "all", "--once",
                             *options, prefix=on("alice"), env=env)
        receive.wait_for("listening")
        source = self.top / "photo"
        source.write_bytes(CONTENT)
        send = self.start("bob", "send", source, "--to", alice, *options, prefix=on("bob"), env=env)
        self.assertEqual(send.finish(), OK, send.story())
        self.assertEqual(receive.finish(), OK, receive.story())
        self.assertEqual((self.inbox / "photo").read_bytes(), CONTENT)


class OnOneLan(Discovery):
    def setUp(self):
        super().setUp()
        self.make(["alice", "bob"], routed=False)

    def test_words_alone_pair_two_devices_which_then_find_each_other(self):
        alice = self.pair_by_words(LAN)
        self.send(alice, LAN)

    def test_words_alone_pair_two_devices_that_have_nothing_but_ipv6(self):
        for machine in ("alice", "bob"):
            networks.ip("-n", self.networks.names[machine], "-4", "address", "flush", "dev",
                        "cable")
        alice = self.pair_by_words(LAN)
        self.send(alice, LAN)

    def test_ipv4_and_ipv6_get_one_port_though_one_has_others_in_use(self):
        on = self.networks.on("alice")
        subprocess.run([*on, "sh", "-c", f"echo {FREE_PORTS} > {PORT_RANGE}"], check=True)
        taken = subprocess.Popen([*on, sys.executable, "-c", TAKE], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        self.addCleanup(taken.communicate)
        self.assertEqual(taken.stdout.readline(), b"taken\n")
        for _ in range(6):  # whichever the system gives first
            receive = self.start("alice", "--log", "network", "receive", "--inbox", self.inbox,
                                 prefix=on, env=LAN)
            receive.wait_for("listening")
            receive.interrupt()
            self.assertEqual(receive.finish(), INTERRUPTED, receive.story())
            listening = re.findall(r"listening at (\S+)", receive.error_text())
            self.assertEqual(listening[-2:], ["0.0.0.0:50001", "[::]:50001"], receive.story())

    def test_who_is_nearby_is_listed_with_how_it_was_found(self):
        alice = self.pair_by_words(LAN)
        receive = self.start("alice", "receive", "--inbox", self.inbox,
                             prefix=self.networks.on("alice"), env=LAN)
        receive.wait_for("listening")
        listed = self.start("bob", "devices", "--nearby", prefix=self.networks.on("bob"), env=LAN)
        self.assertEqual(listed.finish(), OK, listed.story())
        seen = [event for event in listed.all("nearby") if event["device_id"] == alice]
        self.assertTrue(seen, listed.story())
        self.assertEqual(seen[-1]["source"], "mdns")
        self.assertTrue(seen[-1]["addresses"][0].startswith(self.networks.addresses["alice"]))

    def test_a_device_that_is_not_visible_tells_strangers_nothing(self):
        receive = self.start("alice", "receive", "--inbox", self.inbox,
                             prefix=self.networks.on("alice"), env=LAN)
        receive.wait_for("listening")
        listed = self.start("bob", "devices", "--nearby", prefix=self.networks.on("bob"), env=LAN)
        self.assertEqual(listed.finish(), OK, listed.story())
        self.assertEqual(listed.all("nearby"), [])

    def test_a_visible_one_shows_its_name(self):
        receive = self.start("alice", "receive", "--inbox", self.inbox, "--visible",
                             prefix=self.networks.on("alice"), env=LAN)
        receive.wait_for("listening")
        listed = self.start("bob", "devices", "--nearby", prefix=self.networks.on("bob"), env=LAN)
        self.assertEqual(listed.finish(), OK, listed.story())
        self.assertTrue(listed.all("nearby"), listed.story())
        self.assertIsNone(listed.all("nearby")[0]["device_id"])

    def test_without_any_discovery_words_alone_find_nobody(self):
        off = {**os.environ, "KITH_NO_MDNS": "1", "KITH_NO_DHT": "1"}
        on = self.networks.on
        pair = self.start("alice", "pair", "--yes", prefix=on("alice"), env=off)
        words = pair.wait_for("pairing_code")["words"]
        join = self.start("bob", "join", words, "--yes", prefix=on("bob"), env=off)
        self.assertEqual(join.finish(), UNREACHABLE, join.story())


class AcrossRouters(Discovery):
    def test_words_alone_pair_two_devices_that_share_nothing_but_a_dht(self):
        self.make(["alice", "bob", "entrance"], routed=True)
        entrance = f"{self.networks.addresses['entrance']}:{DHT_PORT}"
        serve = self.start("entrance", "receive", "--inbox", self.inbox, "--bootstrap", entrance,
                           "--dht-port", DHT_PORT, prefix=self.networks.on("entrance"), env=DHT)
        serve.wait_for("listening")
        alice = self.pair_by_words(DHT, "--bootstrap", entrance)
        self.send(alice, DHT, "--bootstrap", entrance)


if __name__ == "__main__":
    if not networks.can_be_made():
        print("network namespaces cannot be made here", file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") else SKIPPED)
    unittest.main()
