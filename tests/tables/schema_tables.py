#!/usr/bin/env python3
"""Compares the tables of states in schemas/*.md with those of the code.

usage: schema_tables.py --tables PROGRAM [--write]

A table stands between `<!-- table NAME -->` and `<!-- end -->`, as kith-tables prints it. --write
brings the files up to date.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
NAMES = {"device", "pairing", "outbox", "sender", "receiver", "mdns",
         "dht_node", "dht_standing"}
TABLE = re.compile(r"<!-- table (\w+) -->\n(.*?)<!-- end -->\n", re.DOTALL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", required=True, help="the program kith-tables")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()

    found, stale = set(), []
    for path in sorted(SCHEMAS.glob("*.md")):
        text = path.read_text()

        def current(match):
            found.add(match[1])
            table = subprocess.run([arguments.tables, match[1]], check=True, text=True,
                                   stdout=subprocess.PIPE).stdout
            return f"<!-- table {match[1]} -->\n{table}<!-- end -->\n"

        fresh = TABLE.sub(current, text)
        if fresh != text:
            stale.append(path)
            if arguments.write:
                path.write_text(fresh)
    if found != NAMES:
        sys.exit(f"schema_tables: no table in the schemas for: {', '.join(sorted(NAMES - found))}")
    if stale and not arguments.write:
        sys.exit(f"schema_tables: not as in the code: {', '.join(p.name for p in stale)}; "
                 f"run {Path(__file__).name} --write")


if __name__ == "__main__":
    main()
