"""One DHT of three makes over loopback, where each finds what any other put."""

from dht_peers import KEYS, BittorrentDht, DhtTest, Kith, Libtorrent, main
from test_bittorrent_dht import prepare as prepare_npm
from test_libtorrent import prepare as prepare_libtorrent

MAKES = (Kith, Libtorrent, BittorrentDht)
OF_EACH = 3


class TownTest(DhtTest):
    def test_every_make_finds_what_any_make_put(self):
        first = self.start(Kith, "serve")
        town = [self.start(make, "serve", first) for _ in range(OF_EACH) for make in MAKES]
        for writer in MAKES:
            value = f"of {writer.__name__}".encode()
            with self.subTest(writer=writer.__name__):
                put = self.start(writer, "use", first).put_mutable(KEYS[0], value, 1, value)
                # Makes differ in how many they ask to keep an item; one would hide its refusals.
                self.assertGreaterEqual(put["stored"], OF_EACH, put)
                self.assertFalse(put.get("refused"), put)
                for reader in MAKES:
                    with self.subTest(reader=reader.__name__):
                        peer = self.start(reader, "use", town[-1])
                        self.assertEqual(peer.get_mutable(KEYS[0], value), (value, 1))


def prepare():
    return f"{prepare_libtorrent()}, {prepare_npm()}"


if __name__ == "__main__":
    main(prepare)
