"""kith's DHT machine and bittorrent-dht as published on npm keep, put and get each other's items
over loopback."""

from dht_peers import DHT_HOME, HERE, KEYS, BittorrentDht, DhtTest, EveryMake, Kith, main

import npm_packages  # noqa: E402 (found where dht_peers says)


class BittorrentDhtTest(EveryMake, DhtTest):
    other = BittorrentDht

    def test_kith_refuses_an_earlier_number_and_a_wrong_cas(self):
        server = self.start(Kith, "serve")
        writer = self.start(BittorrentDht, "use", server)
        self.assert_put(writer.put_mutable(KEYS[0], b"", 5, b"five"))
        self.assertEqual(writer.put_mutable(KEYS[0], b"", 4, b"four")["refused"], {"302": 1})
        self.assertEqual(writer.put_mutable(KEYS[0], b"", 6, b"six", 4)["refused"], {"301": 1})
        self.assert_put(writer.put_mutable(KEYS[0], b"", 6, b"six", 5))
        self.assertEqual(writer.get_mutable(KEYS[0], b""), (b"six", 6))

    def test_bittorrent_dht_refuses_kith_a_wrong_cas(self):
        server = self.start(BittorrentDht, "serve")
        writer = self.start(Kith, "use", server)
        self.assert_put(writer.put_mutable(KEYS[0], b"", 5, b"five"))
        put = writer.put_mutable(KEYS[0], b"", 6, b"six", 4)
        self.assertEqual((put["stored"], put["refused"]), (0, {"301": 1}))
        self.assert_put(writer.put_mutable(KEYS[0], b"", 6, b"six", 5))


def prepare():
    return npm_packages.install(HERE / "package.json", DHT_HOME)


if __name__ == "__main__":
    main(prepare)
