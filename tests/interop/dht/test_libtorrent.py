"""kith's DHT machine and libtorrent keep, put and get each other's items over loopback."""

import subprocess

from dht_peers import DhtTest, EveryMake, Libtorrent, main


class LibtorrentTest(EveryMake, DhtTest):
    other = Libtorrent


def prepare():
    command = [Libtorrent.command[0], "-c", "import libtorrent; print(libtorrent.__version__)"]
    try:
        found = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise RuntimeError(f"{command[0]} of Debian: {error}") from None
    if found.returncode != 0:
        raise RuntimeError(f"python3-libtorrent of Debian is missing:\n{found.stdout}")
    return f"libtorrent {found.stdout.strip()}"


if __name__ == "__main__":
    main(prepare)
