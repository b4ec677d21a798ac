"""kith and Avahi find each other by multicast DNS: each sees what the other announces, loses it by
its goodbye, and gives way to a name that is taken. Every machine is a network namespace, and
nothing leaves them. Needs the right to make those."""

import json
import os
import platform
import re
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "process")]

import avahi  # noqa: E402 (networks and kith_process are found where this says)
import networks  # noqa: E402
from kith_process import INTERRUPTED, OK, ProcessTest  # noqa: E402

SKIPPED = 77
LAN = {**os.environ, "KITH_NO_MDNS": "0", "KITH_NO_DHT": "1"}
OUR_NAME = platform.node()
# z-base-32, as its author gives it (human-oriented base-32 encoding, 2009).
ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"
# A key that nobody has, as the TXT of a visible device names it.
SOMEBODY = "id=" + "y" * 52


class WithAvahi(ProcessTest):
    def setUp(self):
        super().setUp()
        self.networks = networks.Networks(["desktop", "alice", "bob"], routed=False)
        self.addCleanup(self.networks.close)
        self.avahi = avahi.Avahi(self.top / "avahi", self.networks.on("desktop"), "desktop")
        self.addCleanup(self.avahi.close)

    def receive(self, machine, *options):
        """One that listens: the process and where."""
        receive = self.start(machine, "receive", "--inbox", self.inbox, *options,
                             prefix=self.networks.on(machine), env=LAN)
        return receive, receive.wait_for("listening")["addresses"]

    def link_local(self, machine):
        shown = subprocess.run(
            [*self.networks.on(machine), "ip", "-json", "-6", "address", "show", "dev", "cable"],
            check=True, stdout=subprocess.PIPE)
        return json.loads(shown.stdout)[0]["addr_info"][0]["local"]

    def assert_at(self, service, machine):
        """Avahi says one of the addresses, of whichever family came first."""
        self.assertIn(service.address,
                      (self.networks.addresses[machine], self.link_local(machine)))

    def nearby(self, machine):
        listed = self.start(machine, "devices", "--nearby", prefix=self.networks.on(machine),
                            env=LAN)
        self.assertEqual(listed.finish(), OK, listed.story())
        return listed, {event["name"]: event for event in listed.all("nearby")}

    def test_avahi_resolves_what_kith_announces_and_loses_it_by_its_goodbye(self):
        browse = self.avahi.browse()
        key = f"id={zbase32(bytes.fromhex(self.device_id('alice')))}"
        receive, addresses = self.receive("alice", "--visible")
        port = int(addresses[0].rpartition(":")[2])

        for protocol in ("IPv4", "IPv6"):
            service = browse.wait_for_service(OUR_NAME, protocol)
            self.assertEqual((service.interface, service.port), ("cable", port))
            self.assert_at(service, "alice")
            self.assertEqual(service.txt, [key])
            self.assertRegex(service.host, f"^[{ALPHABET}]{{16}}\\.local$")
        self.assertEqual(self.avahi.address_of(service.host, "-4"),
                         self.networks.addresses["alice"])
        self.assertEqual(self.avahi.address_of(service.host, "-6"), self.link_local("alice"))

        receive.interrupt()
        self.assertEqual(receive.finish(), INTERRUPTED, receive.story())
        for protocol in ("IPv4", "IPv6"):
            browse.wait_until_gone(OUR_NAME, protocol)

    def test_avahi_sees_of_a_hidden_device_a_name_that_says_nothing(self):
        browse = self.avahi.browse()
        receive, _ = self.receive("alice")
        services = [browse.wait_for_service(None, protocol) for protocol in ("IPv4", "IPv6")]
        self.assertEqual(len({service.name for service in services}), 1)
        self.assertRegex(services[0].name, f"^[{ALPHABET}]{{32}}$")
        self.assertEqual(services[0].txt, [])
        receive.interrupt()
        self.assertEqual(receive.finish(), INTERRUPTED, receive.story())
        browse.wait_until_gone(services[0].name, "IPv4")
        self.assertEqual(browse.names(), {services[0].name})

    def test_kith_finds_what_avahi_publishes_until_it_is_withdrawn(self):
        publish = self.avahi.publish("Somebody's phone", 4242, SOMEBODY)
        self.assertEqual(publish.wait_until_established(), "Somebody's phone")
        listed, found = self.nearby("bob")
        self.assertEqual(set(found), {"Somebody's phone"}, listed.story())
        event = found["Somebody's phone"]
        self.assertEqual((event["device_id"], event["source"]), (None, "mdns"))
        self.assertEqual({re.sub(r"%[^]]*", "", address) for address in event["addresses"]},
                         {f"{self.networks.addresses['desktop']}:4242",
                          f"[{self.link_local('desktop')}]:4242"})
        publish.close()
        listed, found = self.nearby("bob")
        self.assertEqual(found, {}, listed.story())

    def test_kith_gives_way_to_a_name_that_avahi_has(self):
        browse = self.avahi.browse()
        self.avahi.publish(OUR_NAME, 4242, SOMEBODY).wait_until_established()
        receive, _ = self.receive("alice", "--visible")
        self.assert_at(browse.wait_for_service(f"{OUR_NAME} (2)", "IPv4"), "alice")
        theirs = browse.wait_for_service(OUR_NAME, "IPv4")
        self.assert_at(theirs, "desktop")
        self.assertEqual(theirs.port, 4242)

    def test_avahi_gives_way_to_a_name_that_kith_has(self):
        browse = self.avahi.browse()
        self.receive("alice", "--visible")
        browse.wait_for_service(OUR_NAME, "IPv4")
        publish = self.avahi.publish(OUR_NAME, 4242, SOMEBODY)
        self.assertEqual(publish.wait_until_established(), f"{OUR_NAME} #2")
        listed, found = self.nearby("bob")
        self.assertEqual(set(found), {OUR_NAME, f"{OUR_NAME} #2"}, listed.story())

    def test_both_share_the_port_of_one_machine(self):
        browse = self.avahi.browse()
        receive, _ = self.receive("desktop", "--visible")
        self.assert_at(browse.wait_for_service(OUR_NAME, "IPv4"), "desktop")
        self.avahi.publish("Somebody's phone", 4242, SOMEBODY).wait_until_established()
        listed, found = self.nearby("bob")
        self.assertEqual(set(found), {OUR_NAME, "Somebody's phone"}, listed.story())
        receive.interrupt()
        self.assertEqual(receive.finish(), INTERRUPTED, receive.story())
        browse.wait_until_gone(OUR_NAME, "IPv4")


def zbase32(octets):
    bits = "".join(f"{octet:08b}" for octet in octets)
    bits += "0" * (-len(bits) % 5)
    return "".join(ALPHABET[int(bits[at:at + 5], 2)] for at in range(0, len(bits), 5))


def main():
    if not networks.can_be_made():
        print("network namespaces cannot be made here", file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") else SKIPPED)
    try:
        print(avahi.install(), file=sys.stderr)
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") else SKIPPED)
    unittest.main()


if __name__ == "__main__":
    main()
