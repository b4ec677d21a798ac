"""Where the comparison takes place: loopback, or two network namespaces joined by a cable."""

import os
import subprocess


class Loopback:
    name = "loopback"
    address = "127.0.0.1"
    sender = receiver = ()

    def close(self):
        pass


class Veth:
    """`sender` and `receiver` prefix a command that is to run at that end."""

    address = "10.77.0.2"
    MTU = 1500

    def __init__(self, offloads):
        self.name = f"veth, MTU {self.MTU}" + ("" if offloads else ", no offloads")
        self.ends = [f"kith-{os.getpid()}-{end}" for end in ("a", "b")]
        self.sender, self.receiver = (["ip", "netns", "exec", end] for end in self.ends)
        try:
            self.build(offloads)
        except BaseException:
            self.close()
            raise

    def build(self, offloads):
        for end in self.ends:
            ip("netns", "add", end)
        one, other = self.ends
        ip("-n", one, "link", "add", "cable", "mtu", str(self.MTU), "type", "veth",
           "peer", "name", "cable", "mtu", str(self.MTU), "netns", other)
        for number, end in enumerate(self.ends, 1):
            ip("-n", end, "address", "add", f"10.77.0.{number}/24", "dev", "cable")
            ip("-n", end, "link", "set", "lo", "up")
            ip("-n", end, "link", "set", "cable", "up")
            if not offloads:
                # Every datagram and every TCP segment crosses by itself, as on a plain card.
                subprocess.run(["ip", "netns", "exec", end, "ethtool", "-K", "cable", "tso", "off",
                                "gso", "off", "gro", "off"], check=True)

    def close(self):
        for end in self.ends:
            subprocess.run(["ip", "netns", "delete", end], stderr=subprocess.DEVNULL)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


LINKS = {
    "loopback": Loopback,
    "veth": lambda: Veth(offloads=True),
    "veth-plain": lambda: Veth(offloads=False),
}
