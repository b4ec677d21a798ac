#!/usr/bin/env python3
"""Documents the public headers in build/docs, and fails on what Doxygen has to say about them.

  docs.py              every type and function of the public headers explains itself
  docs.py --self-test  what is wrong in planted headers is found

Data members, enumerators and functions that only tell may stand without words: their names and
types often say it all."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
HEADERS = (ROOT / "engine/include", ROOT / "io/include")

NEEDS_NO_WORDS = re.compile(
    r"Member \S+ \((variable|enumvalue)\) of .* is not documented"
    r"|Member (?P<type>\w+)\((const )?(?P=type) &.*is not documented"  # copies and moves
    r"|Member \w+\(\) const \(function\) of .* is not documented")


def document(headers, output):
    """Doxygen's complaints, as file:line: text."""
    output.mkdir(parents=True, exist_ok=True)
    settings = (HERE / "docs/Doxyfile").read_text() + f"""
INPUT = {" ".join(f'"{folder}"' for folder in headers)}
STRIP_FROM_PATH = {" ".join(f'"{folder}"' for folder in headers)}
STRIP_FROM_INC_PATH = {" ".join(f'"{folder}"' for folder in headers)}
INPUT_FILTER = "{sys.executable} {HERE / 'docs/filter.py'}"
OUTPUT_DIRECTORY = "{output}"
"""
    done = subprocess.run(["doxygen", "-"], input=settings, text=True, capture_output=True,
                          check=False)
    complaints = [line for line in done.stderr.split("\n") if line.strip()]
    if done.returncode != 0:
        complaints.append(f"doxygen ended with {done.returncode}")
    return [each for each in complaints if not NEEDS_NO_WORDS.search(each)]


PLANTED = """#pragma once

// A header with something of everything that is to be found, and of much that is not.
//
//   a drawing --> of @arrows <and> #more

namespace planted {

// Explained.
struct Explained {
  int told = 0;    // at the end of the line,
                   // and of the next
  int untold = 0;  // as most members need no words
  int size() const { return untold; }
};

struct Trailing {  // explained where it begins,
                   // over two lines
  int a = 0;
};

struct UntoldType {
  int a = 0;
};

// --- a rule explains nothing ---------------------------------------------------------------

void untold_function(int a);

// Explained.
void told_function(int a);

using UntoldName = int;

enum class UntoldChoice { yes, no };

}  // namespace planted
"""


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in").mkdir()
        (Path(folder) / "in/planted.h").write_text(PLANTED)
        complaints = document([Path(folder) / "in"], Path(folder) / "out")
        pages = "".join(page.read_text() for page in Path(folder).glob("out/html/*.html"))
    found = sorted(set(re.findall(r"\b[Uu]ntold\w*", " ".join(complaints))))
    failures = [each for each in complaints if "ntold" not in each]
    if found != ["UntoldChoice", "UntoldName", "UntoldType", "untold_function"]:
        failures.append(f"found {found}")
    for text in ("  a drawing --&gt; of @arrows &lt;and&gt; #more",
                 "explained where it begins, over two lines",
                 "at the end of the line, and of the next"):
        if text not in pages:
            failures.append(f"nowhere on the pages: {text}")
    for failure in failures:
        print(failure)
    print(f"docs self-test: {'failed' if failures else 'ok'}")
    return 1 if failures else 0


def main():
    if sys.argv[1:] not in ([], ["--self-test"]):
        sys.exit(__doc__)
    if sys.argv[1:]:
        sys.exit(self_test())
    complaints = document(HEADERS, ROOT / "build/docs")
    for complaint in complaints:
        print(complaint)
    if complaints:
        sys.exit(f"docs: {len(complaints)} complaints")
    print(f"docs: ok, {ROOT / 'build/docs/html/index.html'}")


if __name__ == "__main__":
    main()
