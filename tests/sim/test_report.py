"""The page of a run, in a browser."""

import json
import math
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from chromium import FRAME, Chromium

KITH_SIM = os.environ["KITH_SIM"]
REPORT_SAMPLE = os.environ["REPORT_SAMPLE"]
SCENARIOS = Path(os.environ["SCENARIOS"])
# Where pictures of the pages are put for people to look at, if anywhere.
PICTURES = os.environ.get("PICTURES")
MOST_SECONDS_TO_DRAW = 5
# In nanoseconds, or in bytes a second.
UNITS = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9, "KiB/s": 2**10, "MiB/s": 2**20, "GiB/s": 2**30}
QUANTILES = {"least": 0, "p10": 0.1, "median": 0.5, "p90": 0.9, "p99": 0.99, "most": 1}


class ReportPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.top = Path(folder.name)

    def setUp(self):
        self.browser = Chromium()
        self.addCleanup(self.browser.close)

    def run_scenario(self, scenario, page):
        done = subprocess.run([KITH_SIM, "run", SCENARIOS / scenario, "--seed", "7", "--json",
                               "--report", page], text=True, capture_output=True, check=True)
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)

    def sample(self, *options):
        page = self.top / f"{'-'.join(('sample', *options))}.html"
        subprocess.run([REPORT_SAMPLE, *options, page], check=True)
        return page

    def open(self, page):
        took = self.browser.open(page)
        self.assertEqual(self.browser.errors, [])
        self.assertEqual(self.browser.requested, [page.resolve().as_uri()])
        if PICTURES:
            for dark in (False, True):
                name = f"{page.stem}{'-dark' if dark else ''}.png"
                self.browser.screenshot(Path(PICTURES) / name, dark)
        return took

    def text(self, identity):
        return self.browser.run(f"document.getElementById('{identity}').textContent")

    def click(self, identity):
        self.browser.run(f"document.getElementById('{identity}').click(); {FRAME}")

    def timeline(self):
        data = self.browser.run("({...document.getElementById('events').dataset})")
        return {key: int(value) for key, value in data.items()}

    def test_the_page_says_what_the_json_output_says(self):
        for scenario in ("pair-and-send.json", "messages-through-crashes.json"):
            page = self.top / f"{scenario}.html"
            said = self.run_scenario(scenario, page)
            self.open(page)
            shown = {key: self.text(f"fact-{key}").replace(",", "") for key in
                     ("seed", "devices", "datagrams", "clock-events", "trace-hash")}
            self.assertEqual(shown, {
                "seed": str(said["seed"]), "devices": str(said["devices"]),
                "datagrams": str(said["datagrams"]), "clock-events": str(said["events"]),
                "trace-hash": said["trace_hash"]})
            self.assertEqual(self.text("scenario"), said["scenario"])
            self.assertEqual(self.text("fact-violation-count"), str(len(said["violations"])))
            self.assertEqual(self.text("verdict"), "✓ passed")
            self.assertEqual(
                self.browser.run("document.querySelectorAll('#expectations li .good').length"),
                len(said["expectations"]))
            # Of two devices each had the other.
            self.assertEqual(self.text("fact-pairings"), "2")
        # A message that a death left unacknowledged is received again.
        self.assertGreaterEqual(int(self.text("fact-messages-received")), 150)
        self.assertEqual(self.text("fact-faults"), "5")
        self.assertEqual(self.text("fact-deaths"), "3")

    def test_equal_runs_give_equal_pages(self):
        pages = [self.top / "first.html", self.top / "second.html"]
        for page in pages:
            self.run_scenario("pair-and-send.json", page)
        self.assertEqual(pages[0].read_bytes(), pages[1].read_bytes())

    def test_zooming_and_filters_change_what_is_shown(self):
        page = self.top / "zoom.html"
        self.run_scenario("messages-through-crashes.json", page)
        self.open(page)
        whole = self.timeline()
        self.assertEqual((whole["from"], whole["to"], whole["rows"]), (0, 300_000_000, 2))

        self.click("zoom-in")
        near = self.timeline()
        self.assertEqual(near["to"] - near["from"], 150_000_000)
        self.assertLess(near["shown"], whole["shown"])
        self.click("pan-left")
        self.assertEqual(self.timeline()["from"], near["from"] - 37_500_000)
        self.click("zoom-all")
        self.assertEqual(self.timeline(), whole)

        self.click("family-message")
        without = self.timeline()["shown"]
        self.assertGreater(without, 0)
        self.assertLess(without, whole["shown"] - 150)
        self.click("family-message")
        self.assertEqual(self.timeline(), whole)

        self.browser.run("""(() => {
            const filter = document.getElementById("device-filter");
            filter.value = "ali";
            filter.dispatchEvent(new Event("input"));
          })()""")
        self.browser.run(FRAME)
        self.assertEqual(self.timeline()["rows"], 1)
        self.assertLess(self.timeline()["shown"], whole["shown"])

    def test_the_link_of_a_violation_moves_the_timeline(self):
        self.open(self.sample("2"))
        before = self.timeline()
        at = self.browser.run("JSON.parse(document.getElementById('data').textContent)"
                              ".sightings[0][1]")
        self.browser.run("document.querySelector('#violations a').click()")
        self.browser.run("new Promise((done) => setTimeout(done, 100))")
        self.browser.run(FRAME)
        after = self.timeline()
        self.assertLess(after["to"] - after["from"], (before["to"] - before["from"]) / 10)
        self.assertLessEqual(abs((after["from"] + after["to"]) / 2 - at), 1)

    def histograms(self):
        return self.browser.run("""[...document.querySelectorAll("#histograms figure")].map(
            (figure) => ({
              title: figure.querySelector("figcaption").textContent,
              bars: [...figure.querySelectorAll("rect")].map((bar) => (
                {height: Number(bar.getAttribute("height")), text: bar.textContent})),
              quantiles: Object.fromEntries([...figure.querySelectorAll("dl div")].map(
                (each) => [...each.children].map((part) => part.textContent))),
            }))""")

    def check_histogram(self, drawn, values):
        values = sorted(values)
        plural = "s" if len(values) > 1 else ""
        self.assertTrue(drawn["title"].endswith(f" · {len(values)} value{plural}"))
        counts = [int(bar["text"].rsplit(": ", 1)[1]) for bar in drawn["bars"]]
        self.assertEqual(sum(counts), len(values))
        heights = [bar["height"] for bar in drawn["bars"]]
        self.assertEqual(counts.index(max(counts)), heights.index(max(heights)))
        self.assertEqual(drawn["quantiles"].keys(), QUANTILES.keys())
        for name, share in QUANTILES.items():
            number, unit = re.fullmatch(r"([0-9.]+) (\S+)", drawn["quantiles"][name]).groups()
            right = values[max(0, math.ceil(share * len(values)) - 1)]
            self.assertAlmostEqual(float(number) * UNITS[unit] / right, 1, delta=0.01)

    def test_distributions_are_those_of_the_values(self):
        for scenario, missing in (("messages-through-crashes.json", ["Goodput of transfers"]),
                                  ("pair-and-send.json",
                                   ["Time to first message", "Time of a message"])):
            page = self.top / f"distributions-{scenario}.html"
            self.run_scenario(scenario, page)
            self.open(page)
            data = self.browser.run("JSON.parse(document.getElementById('data').textContent)"
                                    ".distributions")
            measured = {each["name"]: each["values"] for each in data}
            self.assertEqual([name for name in measured if not measured[name]], missing)
            self.assertEqual(
                self.browser.run("document.querySelector('#histograms > p').textContent"),
                f"Without a value: {', '.join(missing)}.")
            drawn = self.histograms()
            self.assertEqual(len(drawn), len(measured) - len(missing))
            for each in drawn:
                with self.subTest(f"{scenario}, {each['title']}"):
                    self.check_histogram(each, measured[each["title"].split(" · ")[0]])

    def test_hostile_names_stay_text(self):
        self.open(self.sample("2", "hostile"))
        self.assertEqual(self.browser.run("window.hostile"), None)
        self.assertEqual(self.browser.run("document.querySelectorAll('img, iframe').length"), 0)
        self.assertIn("</script><img src=x onerror=window.hostile=1>",
                      self.browser.run("document.getElementById('device-names').options[0].value"))

    def test_a_thousand_devices_are_drawn_in_time(self):
        took = self.open(self.sample("1000"))
        self.assertGreater(took, 0)
        self.assertLess(took, MOST_SECONDS_TO_DRAW)
        self.assertEqual(self.timeline()["rows"], 1000)
        self.assertGreater(self.timeline()["shown"], 10_000)


if __name__ == "__main__":
    unittest.main()
