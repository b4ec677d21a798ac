"""Networks of their own for tests that look for devices: every machine is a network namespace, and
nothing leads out of them. Needs the right to make namespaces."""

import os
import subprocess


def ip(*arguments):
    subprocess.run(["ip", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def can_be_made():
    name = f"kith{os.getpid()}try"
    if subprocess.run(["ip", "netns", "add", name], stderr=subprocess.DEVNULL).returncode != 0:
        return False
    ip("netns", "delete", name)
    return True


class Networks:
    """Machines, each with one cable to a hub: a bridge, so that all are on one LAN, or a router, so
    that each has a subnet of its own and multicast ends there."""

    def __init__(self, machines, routed):
        self.names = {machine: f"kith{os.getpid()}{machine}" for machine in machines}
        self.hub = f"kith{os.getpid()}hub"
        self.addresses = {}
        try:
            self._build(machines, routed)
        except BaseException:
            self.close()
            raise

    def _build(self, machines, routed):
        ip("netns", "add", self.hub)
        if routed:
            self._in(self.hub, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        else:
            ip("-n", self.hub, "link", "add", "bridge", "type", "bridge")
            ip("-n", self.hub, "link", "set", "bridge", "up")
        for number, machine in enumerate(machines, 1):
            subnet = f"10.77.{number if routed else 0}"
            port = f"port{number}"
            name = self.names[machine]
            self.addresses[machine] = f"{subnet}.{number + 10}"
            ip("netns", "add", name)
            ip("link", "add", "cable", "netns", name, "type", "veth", "peer", "name", port,
               "netns", self.hub)
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "address", "add", f"{self.addresses[machine]}/24", "dev", "cable")
            ip("-n", self.hub, "link", "set", port, "up")
            ip("-n", name, "link", "set", "cable", "up")
            if routed:
                ip("-n", self.hub, "address", "add", f"{subnet}.1/24", "dev", port)
                ip("-n", name, "route", "add", "default", "via", f"{subnet}.1")
            else:
                ip("-n", self.hub, "link", "set", port, "master", "bridge")

    @staticmethod
    def _in(name, *command):
        subprocess.run(["ip", "netns", "exec", name, *command], check=True)

    def on(self, machine):
        """What runs a command there, as the prefix of a Kith."""
        return ["ip", "netns", "exec", self.names[machine]]

    def close(self):
        for name in [*self.names.values(), self.hub]:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL)
