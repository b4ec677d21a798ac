"""Every rule, shown a violation and something next to it that is none."""

import tempfile
from pathlib import Path

from . import rules, tools

# rule, file, text that breaks it, text that does not
PLANTED = (
    ("clock", "engine/a.cc", "auto t = std::chrono::steady_clock::now();",
     "std::chrono::seconds(10);"),
    ("clock", "engine/a.cc", "#include <ctime>", "#include <chrono>"),
    ("clock", "engine/a.cc", "x = std::time(nullptr);", "x = frame.time();"),
    ("clock", "engine/a.cc", "x = steady_clock::now();", "// steady_clock stays in io/"),
    ("os-random", "engine/a.cc", "std::random_device device;", "RandomSource random;"),
    ("os-random", "engine/a.cc", "randombytes_buf(p, n);", "randombytes_buf_deterministic(p);"),
    ("os-random", "sim/a.cc", "x = rand();", "x = operand();"),
    ("os-random", "sim/a.cc", "x = random();", "x = host.random();"),
    ("os-random", "engine/a.cc", "getrandom(p, n, 0);", "KeyPair::random(random_);"),
    ("os-random", "engine/a.cc", "crypto_sign_keypair(a, b);", "crypto_sign_seed_keypair(a, b);"),
    ("distribution", "engine/a.cc", "std::uniform_int_distribution<int> d;", "int distribution;"),
    ("distribution", "sim/a.cc", "std::shuffle(a, b, c);", "random.shuffle(a);"),
    ("thread", "engine/a.h", "#include <mutex>", "#include <map>"),
    ("thread", "engine/a.h", "std::thread t;", "int thread;"),
    ("socket", "engine/a.cc", "#include <sys/socket.h>", "#include \"kith/output.h\""),
    ("asio", "engine/a.cc", "#include <boost/asio.hpp>", "#include <array>"),
    ("file", "engine/a.cc", "#include <filesystem>", "#include <format.h>"),
    ("unordered", "engine/a.h", "std::unordered_map<int, int> m;", "std::map<int, int> m;"),
    ("unordered", "engine/a.h", "std::unordered_set<int> s;", "/* no\nunordered_set */"),
    ("layering", "engine/a.cc", "#include \"io/udp/socket.h\"", "f(\"io/udp/socket.h\");"),
    ("layering", "engine/a.cc", "#include \"kith/io/core.h\"", "#include \"kith/input.h\""),
    ("layering", "io/a.cc", "#include \"sim/world.h\"", "#include \"engine/base/check.h\""),
    ("layering", "sim/a.cc", "#include \"io/core.h\"", "#include \"sim/world.h\""),
    ("layering", "sim/a.cc", "#include \"kith/io/core.h\"", "#include \"kith/input.h\""),
    ("pragma-once", "io/b.h", "int x;", "#pragma once"),
    ("file-size", "io/a.cc", "\n" * (rules.MAX_LINES + 1), "\n" * rules.MAX_LINES),
    ("columns", "io/a.cc", "x" * (rules.MAX_COLUMNS + 1), "x" * rules.MAX_COLUMNS),
    ("word", "io/a.cc", "// TO" "DO: later", "// MASTODON"),
    ("word", "README.md", "FIX" "ME", "fixed"),
    ("word", "tests/a.cc", "GTEST_" "SKIP();", "GTEST_FAIL();"),
    ("word", "tests/a.cc", "TEST(a, DIS" "ABLED_b) {}", "TEST(a, disabled) {}"),
)


def run():
    failures = [failure for case in PLANTED for failure in try_rule(*case)]
    failures += try_tree_rules()
    untested = {each.rule for each in rules.BANS} - {rule for rule, *_ in PLANTED}
    failures += [f"{rule}: no planted violation" for rule in sorted(untested)]
    for failure in failures:
        print(failure)
    print(f"lint self-test: {'failed' if failures else 'ok'}")
    return 1 if failures else 0


def try_rule(rule, name, violation, innocent):
    # A header needs its first line for the other rules to be alone.
    prefix = "#pragma once\n" if name.endswith(".h") and rule != "pragma-once" else ""
    if {found.rule for found in rules.check_file(name, prefix + violation)} != {rule}:
        yield f"{rule}: not the only rule that fires on {violation[:60]!r}"
    if found := rules.check_file(name, prefix + innocent):
        yield f"{rule}: {innocent[:60]!r} is innocent, but {found[0]}"


def try_tree_rules():
    """The rules about more than one file, and clang-format, in a tree of their own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root, ".clang-format", "BasedOnStyle: Google\n")
        plant(root, "schemas/told.fbs", "table Told {}\n")
        plant(root, "schemas/told.md", "What it is.\n")
        plant(root, "engine/a.cc", "thread_local int one;\n")
        plant(root, "build/generated.cc", "thread_local int ignored;\n")
        innocent = check(root)
        plant(root, "schemas/untold.fbs", "table Untold {}\n")
        plant(root, "engine/b.cc", "thread_local int two;\n")
        plant(root, "engine/c.cc", "int   three;\n")
        found = sorted((each.rule, each.path) for each in check(root))
    wanted = [("format", "engine/c.cc"), ("schema-doc", "schemas/untold.fbs"),
              ("thread-local", "engine/b.cc")]
    failures = [f"tree: innocent, but {each}" for each in innocent]
    return failures + ([] if found == wanted else [f"tree: found {found}, not {wanted}"])


def plant(root, name, text):
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")


def check(root):
    return rules.check_tree(root) + tools.check_format(root, rules.cxx_files(root))
