"""A session of libtorrent on 127.0.0.1 with the commands of dht_peer.cc, as far as libtorrent has
them: it numbers mutable items itself, one above what it finds, and signs with an expanded key. It
always takes part, as libtorrent counts on read-only nodes to answer and waits for them."""

import hashlib
import json
import signal
import sys
import time

import libtorrent as lt

LONGEST_LIFE_S = 300
STEP_S = 20

# Nodes of a test share one address, which libtorrent would take for one node that wants too much.
SETTINGS = {
    "listen_interfaces": "127.0.0.1:0",
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_dht": True,
    "dht_bootstrap_nodes": "",
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_enforce_node_id": False,
    "dht_prefer_verified_node_ids": False,
    "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 1000000,
    "dht_upload_rate_limit": 1000000,
    "alert_mask": lt.alert.category_t.dht_notification | lt.alert.category_t.status_notification
                  | lt.alert.category_t.error_notification,
}


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def octets(word):
    return b"" if word == "-" else bytes.fromhex(word)


def expanded(seed):
    """What an Ed25519 seed becomes (RFC 8032 section 5.1.5), which libtorrent calls secret key."""
    key = bytearray(hashlib.sha512(seed).digest())
    key[0] &= 248
    key[31] = key[31] & 63 | 64
    return bytes(key)


class Peer:
    def __init__(self, bootstrap):
        self.session = lt.session(SETTINGS)
        self.wait_until(self.session.is_dht_running)
        self.wait_until(self.session.listen_port)
        say("listening", address=f"127.0.0.1:{self.session.listen_port()}")
        for address in bootstrap:
            host, port = address.split(":")
            self.session.add_dht_node((host, int(port)))
        if bootstrap:
            self.wait_until(self.knows_nodes)
        say("ready", nodes=self.nodes())

    def nodes(self):
        self.session.post_dht_stats()
        alert = self.wait_for(lt.dht_stats_alert)
        return sum(bucket["num_nodes"] for bucket in alert.routing_table)

    def knows_nodes(self):
        return self.nodes() > 0

    def wait_until(self, true):
        deadline = time.monotonic() + STEP_S
        while not true():
            if time.monotonic() > deadline:
                raise SystemExit(f"not within {STEP_S} s: {true.__name__}")
            time.sleep(0.02)

    def wait_for(self, kind, wanted=lambda alert: True):
        deadline = time.monotonic() + STEP_S
        while time.monotonic() < deadline:
            self.session.wait_for_alert(100)
            for alert in self.session.pop_alerts():
                if isinstance(alert, kind) and wanted(alert):
                    return alert
        raise SystemExit(f"no {kind.__name__} within {STEP_S} s")

    def do(self, name, *words):
        {"put-immutable": self.put_immutable, "put-mutable": self.put_mutable,
         "get-immutable": self.get_immutable, "get-mutable": self.get_mutable}[name](*words)

    def put_immutable(self, value):
        target = self.session.dht_put_immutable_item(octets(value))
        alert = self.wait_for(lt.dht_put_alert)
        say("put", target=str(target), stored=alert.num_success)

    def put_mutable(self, seed, key, salt, value):
        self.session.dht_put_mutable_item(expanded(octets(seed)), octets(key), octets(value),
                                          octets(salt))
        alert = self.wait_for(lt.dht_put_alert)
        say("put", stored=alert.num_success, seq=alert.seq)

    def get_immutable(self, target):
        self.session.dht_get_immutable_item(lt.sha1_hash(octets(target)))
        alert = self.wait_for(lt.dht_immutable_item_alert)
        say("got", value=value_of(alert), seq=None)

    def get_mutable(self, key, salt):
        self.session.dht_get_mutable_item(octets(key), octets(salt))
        # Each newer item is told at once, the last word is the one with authority.
        alert = self.wait_for(lt.dht_mutable_item_alert, lambda alert: alert.authoritative)
        value = value_of(alert)
        say("got", value=value, seq=None if value is None else alert.seq)


def value_of(alert):
    try:
        return alert.item["value"].hex()
    except RuntimeError:  # how the binding says that there is none
        return None


def main():
    signal.alarm(LONGEST_LIFE_S)
    peer = Peer(sys.argv[2:])
    while line := sys.stdin.readline():
        peer.do(*line.split())


if __name__ == "__main__":
    main()
