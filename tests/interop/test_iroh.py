"""kith and iroh as published on npm, strangers to each other, connect over loopback both ways: each
presents its raw public key, sees the other's id, and echoes streams under kith/echo/1."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "process")]

import iroh_package  # noqa: E402
from kith_process import FAILED, INTERRUPTED, OK, REFUSED, Kith, ProcessTest  # noqa: E402

HOME = Path(os.environ["IROH_HOME"])
BYTES = 8 << 20
SKIPPED = 77


class Iroh(Kith):
    """One process of iroh_echo.mjs."""

    def __init__(self, *arguments, **options):
        self._run(["node", HERE / "iroh_echo.mjs", *map(str, arguments)],
                  env={**os.environ, "IROH_HOME": str(HOME)}, **options)


class Interop(ProcessTest):
    def start_iroh(self, *arguments, **options):
        iroh = Iroh(*arguments, **options)
        self.addCleanup(iroh.close)
        return iroh

    def start_iroh_listen(self, how="listen"):
        iroh = self.start_iroh(how, stdin=subprocess.PIPE)
        self.addCleanup(iroh.process.stdin.close)
        event = iroh.wait_for("listening")
        return iroh, event["device_id"], event["addresses"][0]

    def test_kith_dials_iroh(self):
        own_id = self.device_id("alice")
        iroh, iroh_id, address = self.start_iroh_listen()
        dial = self.dial("alice", iroh_id, address, "--bytes", str(BYTES))
        self.assertEqual(dial.exit, OK, dial.story() + iroh.story())
        echoed = dial.all("echoed")[0]
        self.assertEqual((echoed["peer"], echoed["bytes"]), (iroh_id, BYTES))
        self.assertEqual(iroh.wait_for("accepted")["peer"], own_id)
        echoed = iroh.wait_for("echoed")
        self.assertEqual((echoed["peer"], echoed["bytes"]), (own_id, BYTES))

    def test_iroh_dials_kith(self):
        echo, own_id, address = self.start_echo("alice")
        self.assertEqual(own_id, self.device_id("alice"))
        iroh = self.start_iroh("dial", own_id, address, BYTES)
        self.assertEqual(iroh.finish(), OK, iroh.story() + echo.story())
        echoed = iroh.all("echoed")[0]
        self.assertEqual((echoed["peer"], echoed["bytes"]), (own_id, BYTES))
        iroh_id = echoed["device_id"]
        self.assertEqual(echo.wait_for("accepted")["peer"], iroh_id)
        echoed = echo.wait_for("echoed")
        self.assertEqual((echoed["peer"], echoed["bytes"]), (iroh_id, BYTES))
        echo.interrupt()
        self.assertEqual(echo.finish(), INTERRUPTED)

    def test_kith_notices_one_wrong_bit(self):
        _, iroh_id, address = self.start_iroh_listen("lie")
        dial = self.dial("alice", iroh_id, address, "--bytes", "1000")
        self.assert_hint(self.assert_fails(dial, FAILED, "corrupt"))

    def test_kith_refuses_an_iroh_with_another_key(self):
        _, _, address = self.start_iroh_listen()
        dial = self.dial("alice", self.device_id("bob"), address)
        self.assertEqual(dial.exit, REFUSED, dial.story())

    def test_iroh_refuses_a_kith_with_another_key(self):
        _, _, address = self.start_echo("alice")
        iroh = self.start_iroh("dial", self.device_id("bob"), address, 1)
        self.assertNotEqual(iroh.finish(), OK, iroh.story())
        self.assertEqual(iroh.all("echoed"), [])


if __name__ == "__main__":
    try:
        print("iroh", iroh_package.install(HOME), file=sys.stderr)
    except RuntimeError as problem:
        print(problem, file=sys.stderr)
        # Without a registry the rest of the tests is still worth something, except where it counts.
        sys.exit(1 if os.environ.get("CI") else SKIPPED)
    unittest.main()
