"""kith and pkarr as published on npm read each other's packets from the DHT, over loopback."""

from dht_peers import DHT_HOME, HERE, KEYS, BittorrentDht, DhtTest, Kith, main

import npm_packages  # noqa: E402 (found where dht_peers says)

SEQ = 1_763_000_000_000_000  # microseconds, as pkarr counts
RELAY = "https://relay.example.org/"
OPEN = ["192.0.2.7:4433", "[2001:db8::7]:4433"]
SEALED = ["192.168.1.20:51000", "[fd00::20]:51001"]
SHARED = b"what only friends know"


class PkarrTest(DhtTest):
    def test_kith_resolves_what_pkarr_signed(self):
        # As iroh writes it: each text a record of its own.
        records = [("_iroh", f"relay={RELAY}"), *(("_iroh", f"addr={each}") for each in OPEN),
                   ("_iroh", "user-data=hello"), ("_other", "addr=198.51.100.1:1"),
                   ("@", "an apex record")]
        for server in (Kith, BittorrentDht):
            with self.subTest(server=server.__name__):
                at = self.start(server, "serve")
                writer = self.start(BittorrentDht, "use", at)
                self.assert_put(writer.publish_pkarr(KEYS[0], SEQ, records))
                resolved = self.start(Kith, "use", at).resolve_pkarr(KEYS[0], SHARED)
                self.assertEqual(resolved["relay"], RELAY)
                self.assertEqual(resolved["open_addresses"], OPEN)
                self.assertEqual(resolved["addresses"], [])
                self.assertEqual(resolved["seq"], SEQ)

    def test_kith_resolves_addresses_in_one_text(self):
        at = self.start(Kith, "serve")
        writer = self.start(BittorrentDht, "use", at)
        self.assert_put(writer.publish_pkarr(KEYS[0], SEQ, [("_iroh", "addr=" + " ".join(OPEN))]))
        resolved = self.start(Kith, "use", at).resolve_pkarr(KEYS[0], SHARED)
        self.assertEqual((resolved["relay"], resolved["open_addresses"]), ("", OPEN))

    def test_pkarr_verifies_and_reads_what_kith_wrote(self):
        for server in (Kith, BittorrentDht):
            with self.subTest(server=server.__name__):
                at = self.start(server, "serve")
                writer = self.start(Kith, "use", at)
                self.assert_put(
                    writer.publish_pkarr(KEYS[1], SEQ, SHARED, RELAY, SEALED, OPEN))
                resolved = self.start(BittorrentDht, "use", at).resolve_pkarr(KEYS[1])
                self.assertEqual(resolved["seq"], SEQ)
                self.assertEqual({answer["type"] for answer in resolved["answers"]}, {"TXT"})
                self.assertEqual(texts(resolved, "_iroh"),
                                 [f"relay={RELAY}".encode(),
                                  *(f"addr={each}".encode() for each in OPEN)])
                sealed = b"".join(texts(resolved, "_kith"))
                # Nonce and tag, the version, one address of each family.
                self.assertEqual(len(sealed), 24 + 16 + 1 + 7 + 19)
                self.assertEqual(len(resolved["answers"]), 4)

    def test_only_who_has_the_key_reads_sealed_addresses(self):
        at = self.start(BittorrentDht, "serve")
        writer = self.start(Kith, "use", at)
        self.assert_put(writer.publish_pkarr(KEYS[2], SEQ, SHARED, RELAY, SEALED, OPEN))
        reader = self.start(Kith, "use", at)
        for shared, addresses in ((SHARED, SEALED), (b"a guess", [])):
            resolved = reader.resolve_pkarr(KEYS[2], shared)
            self.assertEqual(resolved["addresses"], addresses)
            self.assertEqual((resolved["relay"], resolved["open_addresses"]), (RELAY, OPEN))

    def test_pkarr_reads_the_largest_packet_that_kith_writes(self):
        at = self.start(BittorrentDht, "serve")
        writer = self.start(Kith, "use", at)
        sealed = [f"[2001:db8::{n}]:{50000 + n}" for n in range(1, 17)]
        many = [f"[2001:db8:1111:2222:3333:4444:5555:{n:x}]:{50000 + n}"
                for n in range(0x1000, 0x1010)]
        relay = "https://" + "r" * (249 - 8)
        self.assert_put(writer.publish_pkarr(KEYS[0], SEQ, SHARED, relay, sealed, many))
        resolved = self.start(BittorrentDht, "use", at).resolve_pkarr(KEYS[0])
        self.assertLessEqual(resolved["size"], 996)
        read = texts(resolved, "_iroh")
        self.assertEqual(read[0], b"relay=" + relay.encode())
        self.assertEqual(read[1:], [f"addr={each}".encode() for each in many[:len(read) - 1]])
        self.assertLess(len(read) - 1, len(many))
        here = self.start(Kith, "use", at).resolve_pkarr(KEYS[0], SHARED)
        self.assertEqual((here["addresses"], here["relay"]), (sealed, relay))


def texts(resolved, name):
    return [bytes.fromhex("".join(answer["data"]))
            for answer in resolved["answers"] if answer["name"] == name]


def prepare():
    return npm_packages.install(HERE / "package.json", DHT_HOME)


if __name__ == "__main__":
    main(prepare)
