#!/usr/bin/env python3
"""The rules of the source that a program can check.

usage: lint.py [--tidy | --self-test]

  --tidy       also runs clang-tidy over build/clang/compile_commands.json
  --self-test  shows that every rule fires on a planted violation and not beside it
"""

import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from lint import report, rules, selftest, tools  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(selftest.run())
    if sys.argv[1:] not in ([], ["--tidy"]):
        sys.exit(__doc__)
    findings = rules.check_tree(ROOT) + tools.check_format(ROOT, rules.cxx_files(ROOT))
    if "--tidy" in sys.argv:
        findings += tools.check_tidy(ROOT)
    for finding in findings:
        print(finding)
    report.print_sizes(ROOT)
    if findings:
        sys.exit(f"lint: {len(findings)} findings")
    print("lint: ok")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"lint: {error}")
