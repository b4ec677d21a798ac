"""Real processes killed around every store, send and receive of a pairing. After both restart and
one contact between them, both are paired or neither is, and then new words pair them.

The points are enumerated, not met by luck: for each side, effect and moment a run dies at the first
such effect, the next at the second, until one lives to its end.
"""

import collections
import concurrent.futures
import contextlib
import itertools
import os
import signal
import threading
import time
import unittest
from pathlib import Path

from kith_process import KITH, OK, Kith, ProcessTest

KITH_FAULTY = Path(os.environ["KITH_FAULTY"]).resolve()

SHOWS, JOINS = "shows", "joins"  # the homes of the two devices
EFFECTS = ("store", "send", "receive")
MOMENTS = ("before", "after")

# Loopback has delivered all that a dead process sent long before, and the other side has answered.
SETTLED_S = 0.15

# Far more than any pairing needs; a point beyond it means that nobody counts.
MOST_EFFECTS = 60

# Processes wait for each other more than they compute.
AT_ONCE = 4


class PairingCrash(ProcessTest):
    def test_killed_around_any_effect_of_either_side_nobody_stays_half_paired(self):
        self.outcomes = collections.Counter()
        self.points = collections.Counter()
        self.lock = threading.Lock()
        (self.top / "hello").write_text("hello")
        began = time.monotonic()
        lanes = itertools.product((SHOWS, JOINS), EFFECTS, MOMENTS)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            running = [pool.submit(self.kill_at_every, *lane) for lane in lanes]
            # One that failed does not hide what the others found.
            errors = [str(lane.exception()) for lane in running if lane.exception()]
        self.report(time.monotonic() - began)
        self.assertFalse(errors, "\n" + "\n".join(errors))
        for (side, effect, _), points in self.points.items():
            # Each side writes twice, and the exchange needs two round trips after TLS's own.
            self.assertGreaterEqual(points, 2 if effect == "store" else 4, (side, effect))
        self.assertGreaterEqual(self.points.total(), 50)

    def test_the_program_that_ships_cannot_be_told_to_die(self):
        self.assertIn(b"KITH_KILL_AT", KITH_FAULTY.read_bytes())
        self.assertNotIn(b"KITH_KILL_AT", KITH.read_bytes())

    def report(self, seconds):
        print(f"{self.points.total()} crash points, {self.outcomes.total()} runs that died there,"
              f" {seconds:.0f} s")
        for effect in EFFECTS:
            points = {side: sum(self.points[side, effect, moment] for moment in MOMENTS)
                      for side in (SHOWS, JOINS)}
            print(f"  around a {effect}: {points[SHOWS]} of who shows the words,"
                  f" {points[JOINS]} of who joins")
        for outcome, count in self.outcomes.most_common():
            print(f"  {outcome}: {count}")

    def kill_at_every(self, victim, effect, moment):
        for nth in range(1, MOST_EFFECTS):
            point = f"{effect}:{nth}:{moment}"
            # Who begins the contact, and how the survivor's process ends.
            for caller, number in ((SHOWS, signal.SIGKILL), (JOINS, signal.SIGINT)):
                name = f"{victim}-{point}-{caller}".replace(":", "-")
                case = f"{victim} dies at {point}, {caller} calls, survivor gets {number.name}"
                try:
                    with Devices(self.top / name, self.top / "hello") as devices:
                        if not devices.pair_until_killed(victim, point, number):
                            return
                        outcome = devices.judge(caller)
                except AssertionError as error:
                    raise AssertionError(f"{case}: {error}") from error
                with self.lock:
                    self.outcomes[outcome] += 1
            with self.lock:
                self.points[victim, effect, moment] += 1
        raise AssertionError(f"{victim} still dies at {point}")


class Devices(contextlib.ExitStack):
    """Two homes and the processes that run in them, one at a time in each."""

    def __init__(self, top, file):
        super().__init__()
        self.top, self.file = top, file
        self.top.mkdir()
        self.ids = {}
        for home in (SHOWS, JOINS):
            self.ids[home] = self.run(home, "id").seen[0]["device_id"]

    def start(self, home, *arguments, **options):
        return self.enter_context(contextlib.closing(
            Kith(self.top / home, *arguments, **options)))

    def run(self, home, *arguments):
        process = self.start(home, *arguments)
        process.exit = process.finish()
        return process

    def pair_until_killed(self, victim, point, number):
        """Whether the victim died; then the other was ended too."""
        dies = {victim: {"program": KITH_FAULTY, "env": {**os.environ, "KITH_KILL_AT": point}}}
        pair, join = self.begin_pairing(dies.get(SHOWS, {}), dies.get(JOINS, {}))
        dying, survivor = (pair, join) if victim == SHOWS else (join, pair)
        exit_code = dying.finish()
        if exit_code != -signal.SIGKILL:
            require(exit_code == OK, "it neither died nor paired: " + dying.story())
            require(survivor.finish() == OK, survivor.story())
            require(self.standings() == ["paired"] * 2, "unharmed, and not paired")
            return False
        time.sleep(SETTLED_S)
        if survivor.process.poll() is None:
            survivor.interrupt(number)
        survivor.finish()
        return True

    def begin_pairing(self, shows, joins):
        pair = self.start(SHOWS, "pair", "--listen", "127.0.0.1:0", "--yes", **shows)
        code = pair.wait_for("pairing_code")
        join = self.start(JOINS, "join", code["words"], "--at", code["addresses"][0], "--yes",
                          **joins)
        return pair, join

    def judge(self, caller):
        """What one contact made of the pairing; raises if it broke the promise."""
        callee = JOINS if caller == SHOWS else SHOWS
        before = self.standings()
        arrived, story = self.contact(caller, callee)
        after = self.standings()
        if after == ["paired"] * 2:
            require(arrived, f"paired, and the contact failed, from {before}: {story}")
            outcome = "paired already" if before == after else "paired by the contact"
        else:
            require("paired" not in after, f"half paired: from {before} to {after}: {story}")
            require(not arrived, f"not paired, and a file arrived: {story}")
            outcome = "new words, beside a leftover" if any(after) else "new words"
            processes = self.begin_pairing({}, {})
            for process in processes:
                require(process.finish() == OK, "new words: " + process.story())
            require(self.standings() == ["paired"] * 2, "new words paired only one")
        # The same secret on both sides, whoever begins.
        arrived, story = self.contact(callee, caller)
        require(arrived, f"{outcome}, and then: {story}")
        return outcome

    def standings(self):
        """How each of the two stands with the other: None, provisional or paired."""
        found = []
        for home, other in ((SHOWS, JOINS), (JOINS, SHOWS)):
            known = {event["device_id"]: event["state"]
                     for event in self.run(home, "devices").all("device")}
            require(set(known) <= {self.ids[other]}, f"{home} knows strangers: {known}")
            found.append(known.get(self.ids[other]))
        return found

    def contact(self, caller, callee):
        """One sends the other a file. Whether it arrived, and what was said."""
        receive = self.start(callee, "receive", "--listen", "127.0.0.1:0", "--once",
                             "--inbox", self.top, "--accept", "all")
        address = receive.wait_for("listening")["addresses"][0]
        send = self.run(caller, "send", self.file, "--to", self.ids[callee], "--at", address)
        if send.exit != OK:
            receive.interrupt()
        receive.finish()
        return send.exit == OK, send.story() + receive.story()


def require(condition, message):
    if not condition:
        raise AssertionError(message)


if __name__ == "__main__":
    unittest.main()
