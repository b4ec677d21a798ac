"""Installs kith, moves what was installed, and builds and runs the programs of example/ on it."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
BUILD = Path(os.environ["KITH_BUILD"])
CMAKE = os.environ["CMAKE"]


def run(*command, expect=0):
    done = subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=240, check=False)
    if done.returncode != expect:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = Path(tempfile.mkdtemp(prefix="kith-install-"))
        cls.addClassCleanup(shutil.rmtree, cls.top)
        cls.staged = cls.top / "staged"
        run(CMAKE, "--install", BUILD, "--prefix", cls.staged)
        cls.prefix = cls.top / "moved/here"
        cls.prefix.parent.mkdir()
        cls.staged.rename(cls.prefix)
        cls.example = cls.top / "build"
        run(CMAKE, "-G", "Ninja", "-S", HERE / "example", "-B", cls.example,
            f"-DCMAKE_PREFIX_PATH={cls.prefix}")
        run(CMAKE, "--build", cls.example)

    def test_two_engines_pair_without_any_io_of_kith(self):
        self.assertEqual(run(self.example / "two_engines"),
                         "anna is paired with ben, ben with anna\n")

    def test_an_application_speaks_its_own_protocol_between_two_cores(self):
        (self.top / "homes").mkdir()
        self.assertEqual(run(self.example / "greeting", self.top / "homes"), "Welcome, Ben!\n")

    def test_the_simulator_runs_a_workload_of_a_program_of_its_own(self):
        arguments = ("run", HERE / "example/echo.json", "--seed", "1", "--json")
        report = json.loads(run(self.example / "echo_sim", *arguments))
        self.assertEqual(report["violations"], [])
        self.assertTrue(all(each["ok"] for each in report["expectations"]), report)
        # kith-sim does not know that kind of step.
        self.assertIn("echo", run(self.prefix / "bin/kith-sim", *arguments, expect=2))

    def test_the_simulator_fails_a_run_whose_step_says_that_something_is_missing(self):
        scenario = json.loads((HERE / "example/echo.json").read_text())
        scenario["workload"] = [step for step in scenario["workload"] if step["kind"] == "echo"]
        scenario["expectations"] = [{"kind": "no_violations"}]
        unpaired = self.top / "unpaired.json"
        unpaired.write_text(json.dumps(scenario))
        printed = run(self.example / "echo_sim", "run", unpaired, "--seed", "1", expect=1)
        self.assertIn('echo: heard ""', printed)
        self.assertIn(f"replay: echo_sim run {unpaired} --seed 1", printed)

    def test_the_simulators_readme_shows_what_is_built_here(self):
        readme = (SOURCE / "sim/README.md").read_text()
        workload = readme.split("\n## A first workload of your own\n")[1].split("\n## ")[0]
        shown = re.findall(r"```cpp\n(.*?)```", workload, re.DOTALL)
        self.assertEqual(len(shown), 1)
        self.assertIn(shown[0], (HERE / "example/echo_sim.cc").read_text())

    def test_the_example_is_built_from_the_prefix_alone(self):
        commands = run("ninja", "-C", self.example, "-t", "commands")
        self.assertIn(str(self.prefix / "include"), commands)
        for path in (f"{SOURCE}/engine", f"{SOURCE}/io", f"{SOURCE}/sim",
                     os.environ["KITH_DEPS"]):
            self.assertNotIn(path, commands)

    def test_the_description_of_scenarios_is_installed(self):
        documents = self.prefix / "share/doc/kith"
        for document in ("schemas/scenario.md", "schemas/capsule.md", "sim/README.md"):
            self.assertEqual((documents / document).read_text(), (SOURCE / document).read_text())

    def test_no_installed_text_names_where_it_was_made(self):
        texts = [path for path in self.prefix.rglob("*")
                 if path.suffix in (".cmake", ".h", ".pc", ".json")]
        self.assertIn("kithTargets.cmake", [path.name for path in texts])
        for path in texts:
            text = path.read_text()
            for place in (SOURCE, BUILD, self.staged, os.environ["KITH_DEPS"]):
                self.assertNotIn(str(place), text, path)

    def test_every_public_header_is_installed_and_stands_alone(self):
        public = {header.relative_to(folder).as_posix()
                  for folder in (SOURCE / "engine/include", SOURCE / "io/include")
                  for header in folder.rglob("*.h")}
        include = self.prefix / "include"
        installed = {header.relative_to(include).as_posix()
                     for header in (include / "kith").rglob("*.h")}
        self.assertEqual(installed, public)
        # A header that includes one which is not installed.
        named = re.compile(r'^#include "(.*)"', re.MULTILINE)
        for header in sorted(installed):
            missing = set(named.findall((include / header).read_text())) - installed
            self.assertFalse(missing, f"{header} includes {missing}")

    def test_the_readme_shows_what_is_built_here(self):
        readme = (SOURCE / "README.md").read_text()
        embedding = readme.split("\n## Embedding\n")[1].split("\n## ")[0]
        for language, file in (("cmake", "CMakeLists.txt"), ("cpp", "greeting.cc")):
            shown = re.findall(rf"```{language}\n(.*?)```", embedding, re.DOTALL)
            self.assertEqual(len(shown), 1, language)
            built = (HERE / "example" / file).read_text()
            if language == "cpp":
                self.assertIn(shown[0], built)
            for line in shown[0].splitlines():
                self.assertIn(line + "\n", built)

    def test_the_installed_programs_run(self):
        for program in ("kith", "kith-echo"):
            self.assertIn(os.environ["KITH_VERSION"],
                          run(self.prefix / "bin" / program, "--version"))
        self.assertIn("pair-and-send", run(self.prefix / "bin/kith-sim", "list"))

    def test_another_version_is_not_taken_for_this_one(self):
        project = self.top / "other"
        project.mkdir()
        (project / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.22)\nproject(other LANGUAGES CXX)\n"
            "find_package(kith 99 REQUIRED)\n")
        said = run(CMAKE, "-S", project, "-B", project / "build",
                   f"-DCMAKE_PREFIX_PATH={self.prefix}", expect=1)
        self.assertIn("version: " + os.environ["KITH_VERSION"], said)


if __name__ == "__main__":
    unittest.main()
