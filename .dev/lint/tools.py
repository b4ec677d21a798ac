"""clang-format and clang-tidy, their complaints as findings."""

import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from .rules import Finding

COMPLAINT = re.compile(r"^(?P<path>[^:\n]+):(?P<line>\d+):\d+: (?:error|warning): (?P<text>.*)$",
                       re.MULTILINE)


def check_format(root, paths):
    """One finding a file: what is wrong in it is what clang-format -i would change."""
    commands = [["clang-format", "--dry-run", "-Werror", *batch] for batch in batches(paths, 20)]
    first = {}
    for path, line, _ in complaints(root, commands):
        first.setdefault(path, line)
    return [Finding(path, line, "format", "clang-format -i would change it")
            for path, line in first.items()]


def check_tidy(root):
    database = root / "build/clang/compile_commands.json"
    paths = [entry["file"] for entry in json.loads(database.read_text())
             if not entry["file"].startswith(str(root / "build"))]
    commands = [["clang-tidy", "-p", database.parent, "--quiet", "--warnings-as-errors=*", path]
                for path in paths]
    unique = dict.fromkeys(complaints(root, commands))
    return [Finding(path, line, "tidy", text) for path, line, text in unique]


def batches(paths, size):
    return [paths[start:start + size] for start in range(0, len(paths), size)]


def complaints(root, commands):
    """(path, line, text) of everything that the commands complain about."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda command: run(root, command), commands))
    for command, result in zip(commands, results):
        matches = list(COMPLAINT.finditer(result.stdout))
        if result.returncode != 0 and not matches:
            raise subprocess.CalledProcessError(result.returncode, command, result.stdout)
        for match in matches:
            path = os.path.relpath(os.path.join(root, match["path"]), root)
            yield path, int(match["line"]), match["text"]


def run(root, command):
    return subprocess.run(command, cwd=root, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
