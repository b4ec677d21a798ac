"""What kith-sim shows on a terminal while it works, and what becomes of its work at a signal."""

import json
import os
import pty
import re
import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

KITH_SIM = os.environ["KITH_SIM"]
SCENARIOS = Path(os.environ["SCENARIOS"])
LONGEST_WAIT_S = 60


class Watched:
    """kith-sim with a terminal for its standard error."""

    def __init__(self, *arguments):
        controller, terminal = pty.openpty()
        self.process = subprocess.Popen([KITH_SIM, *map(str, arguments)], text=True,
                                        stdout=subprocess.PIPE, stderr=terminal)
        os.close(terminal)
        self.shown = b""
        self.appeared = threading.Event()
        self.reader = threading.Thread(target=self.read, args=(controller,))
        self.reader.start()

    def read(self, controller):
        # A terminal that nobody holds open any more gives an error.
        try:
            while more := os.read(controller, 4096):
                self.shown += more
                self.appeared.set()
        except OSError:
            pass
        os.close(controller)
        self.appeared.set()

    def interrupt(self, number=signal.SIGINT):
        """Once something is shown."""
        if not self.appeared.wait(LONGEST_WAIT_S):
            self.process.kill()
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=LONGEST_WAIT_S)
        self.reader.join()
        return self.process.returncode, out, self.shown.decode()


class Terminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = Path(folder.name)

    def test_a_run_shows_how_far_it_is(self):
        run = Watched("run", SCENARIOS / "thousand.json", "--seed", 1)
        code, out, shown = run.interrupt()
        self.assertEqual((code, out), (-signal.SIGINT, ""))
        self.assertRegex(shown, r"^\r\d+\.\d\d of \d+ s, .* of 1000 devices up, 0 violations")

    def test_a_swarm_shows_how_far_it_is_and_a_signal_ends_it_with_its_totals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            swarm = Watched("swarm", "--seeds", "1-1000000", "--devices", 4, "--jobs", 2)
            code, out, shown = swarm.interrupt(number)
            self.assertEqual(code, 130, out + shown)
            self.assertRegex(shown, r"^\r\d+ of 1000000 seeds, 0 failed, .* seeds a second, \d+ s")
            self.assertRegex(shown, r"\r +\r$")  # erased
            totals = re.match(r"(\d+) seeds \(1-(\d+)\) of 4 devices, 0 failed; .* s of CPU", out)
            self.assertIsNotNone(totals, out)
            self.assertLessEqual(int(totals[1]), int(totals[2]))

    def test_a_signal_ends_a_swarm_with_valid_json(self):
        swarm = Watched("swarm", "--seeds", "1-1000000", "--devices", 4, "--jobs", 2, "--json")
        code, out, shown = swarm.interrupt()
        *seeds, total = map(json.loads, out.splitlines())
        self.assertEqual((code, total["interrupted"], total["failed"]), (130, True, 0), shown)
        self.assertEqual(total["seeds"], len(seeds))
        numbers = [seed["seed"] for seed in seeds]
        self.assertEqual((total["first_seed"], total["last_seed"]), (min(numbers), max(numbers)))

    def test_a_signal_ends_a_search_for_a_smaller_run_with_what_it_found(self):
        late = self.top / "late.json"
        world = subprocess.run([KITH_SIM, "expand", "swarm:200", "--seed", "3"], text=True,
                               capture_output=True, check=True).stdout
        late.write_text(re.sub(r'"within_s": [0-9.]+', '"within_s": 10', world))
        capsule, small = self.top / "late.capsule", self.top / "small.capsule"
        subprocess.run([KITH_SIM, "run", late, "--seed", "3", "--capsule", capsule],
                       capture_output=True, check=False)
        code, out, shown = Watched("shrink", capsule, "--out", small).interrupt()
        self.assertEqual(code, 0, out + shown)
        self.assertRegex(shown, r"^\r\d+ runs, \d+ s")
        self.assertIn("stopped before its end; written to", out)
        subprocess.run([KITH_SIM, "replay", small], capture_output=True, check=True)


if __name__ == "__main__":
    unittest.main()
