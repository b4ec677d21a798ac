"""What perf's samples say of where a process spent its time."""

import re
import subprocess


def shares_of(samples, kinds):
    """The part of each kind, from 0 to 1. `kinds` are names and patterns: a symbol is of the first
    whose pattern it matches. Those of the kernel begin with "k:"."""
    report = subprocess.run(
        ["perf", "report", "--input", samples, "--stdio", "--field-separator", ";",
         "--fields", "overhead,dso,sym"], check=True, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout
    shares = {}
    for line in report.splitlines():
        match = re.match(r"\s*([0-9.]+)%\s*;[^;]*;\[(.)\] (.*)", line)
        if match is None:
            continue
        symbol = ("k:" if match[2] == "k" else "") + match[3].strip()
        kind = next(name for name, pattern in kinds if re.search(pattern, symbol))
        shares[kind] = shares.get(kind, 0) + float(match[1]) / 100
    return shares
