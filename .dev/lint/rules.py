"""What is looked for, in files and in the tree."""

import re
from typing import NamedTuple

MAX_LINES = 800
MAX_COLUMNS = 100

CXX = {".h", ".cc"}
CODE = CXX | {".py", ".sh", ".cmake", ".fbs"}
TEXT = CODE | {".md", ".json"}
SKIPPED_FOLDERS = {".git", "build", "corpus", "__pycache__"}


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message} [{self.rule}]"


class Ban(NamedTuple):
    """A pattern that must not occur in the C++ code of some folders, comments and strings aside."""

    rule: str
    folders: tuple
    pattern: re.Pattern
    message: str


def ban(rule, folders, pattern, message):
    return Ban(rule, folders, re.compile(pattern), message)


def includes(*names):
    return r'#\s*include\s*[<"](' + "|".join(names) + r")"


ENGINE = ("engine/",)
DETERMINISTIC = ("engine/", "sim/")

BANS = (
    ban("clock", ENGINE,
        includes("ctime>", "time.h>", "sys/time.h>") +
        r"|\b(system|steady|high_resolution|utc|file)_clock\b|\b(clock_gettime|gettimeofday)\b"
        r"|(std::|[^\w:]::)(time|clock)\s*\(",
        "the engine reads no clock: time comes from the Instant it is given"),
    ban("os-random", DETERMINISTIC,
        r"\brandom_device\b|\b(srand|srandom|getrandom|getentropy|arc4random\w*)\s*\("
        r"|(?<!\w\.)(?<!\w->)\b(rand|random)\s*\(\s*\)"
        r"|\brandombytes_(buf|random|uniform|stir)\s*\("
        r"|\bcrypto_(?!\w*seed_keypair)\w+_(keygen|keypair|random)\s*\(",
        "randomness comes from RandomSource, never from the system"),
    ban("distribution", DETERMINISTIC,
        r"\bstd::(ranges::)?(\w+_distribution|shuffle|random_shuffle|sample)\b"
        r"|\bstd::(mt19937|minstd_rand|default_random_engine)",
        "standard libraries differ in it: draw integers from RandomSource"),
    ban("thread", ENGINE,
        includes("thread>", "mutex>", "shared_mutex>", "future>", "condition_variable>", "atomic>",
                 "semaphore>", "latch>", "barrier>", "stop_token>", "pthread.h>") +
        r"|\bstd::(thread|jthread|mutex|async|atomic|condition_variable)\b|\bpthread_\w+",
        "the engine is single-threaded"),
    ban("socket", ENGINE,
        includes("sys/socket.h>", "netinet/", "arpa/", "netdb.h>", "net/if.h>", "sys/un.h>",
                 "sys/epoll.h>", "poll.h>"),
        "the engine opens no socket"),
    ban("asio", ENGINE, includes("boost/", "asio"), "Asio belongs to io/"),
    ban("file", ENGINE,
        includes("fstream>", "filesystem>", "iostream>", "fcntl.h>", "unistd.h>", "sys/stat.h>",
                 "sqlite3.h>"),
        "the engine opens no file"),
    ban("unordered", ENGINE, r"\bunordered_(multi)?(map|set)\b",
        "iteration order would differ between runs: use std::map or a sorted vector"),
    ban("layering", ENGINE, includes("io/", "kith/io/", "sim/"),
        "engine/ knows neither io/ nor sim/"),
    ban("layering", ("io/",), includes("sim/"), "io/ does not know sim/"),
    ban("layering", ("sim/",), includes("io/", "kith/io/"), "sim/ does not know io/"),
)

# Split, so that this file does not contain them.
WORDS = ("TO" "DO", "FIX" "ME", "GTEST_" "SKIP", "DIS" "ABLED_")
WORD = re.compile(r"\b(" + "|".join(WORDS[:3]) + r")\b|" + WORDS[3])

COMMENTS_AND_LITERALS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\'',
    re.DOTALL)
INCLUDE_LINE = re.compile(r"\s*#\s*include\b")


def check_tree(root):
    findings = []
    thread_locals = []
    for path in source_files(root):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        findings += check_file(name, text)
        thread_locals += find_thread_locals(name, text)
    return findings + thread_locals[1:] + check_schemas(root)


def source_files(root):
    for path in sorted(root.rglob("*")):
        if SKIPPED_FOLDERS.isdisjoint(path.relative_to(root).parts) and path.is_file():
            if path.suffix in TEXT or path.name in ("CMakeLists.txt", "dev"):
                yield path


def cxx_files(root):
    return [path for path in source_files(root) if path.suffix in CXX]


def check_file(name, text):
    findings = []
    suffix = name[name.rfind("."):] if "." in name.rsplit("/", 1)[-1] else ""
    lines = text.split("\n")
    if suffix in CXX:
        findings += check_bans(name, text)
    if suffix == ".h" and "#pragma once" not in lines:
        findings.append(Finding(name, 1, "pragma-once", "a header begins with #pragma once"))
    if len(lines) - 1 > MAX_LINES:
        findings.append(Finding(name, len(lines) - 1, "file-size",
                                f"{len(lines) - 1} lines; {MAX_LINES} is the limit"))
    for number, line in enumerate(lines, 1):
        if suffix in CODE and len(line) > MAX_COLUMNS:
            findings.append(Finding(name, number, "columns",
                                    f"{len(line)} columns; {MAX_COLUMNS} is the limit"))
        if match := WORD.search(line):
            findings.append(Finding(name, number, "word", f"'{match[0]}' does not go in"))
    return findings


def check_bans(name, text):
    bans = [each for each in BANS if name.startswith(each.folders)]
    findings = []
    for number, line in code_lines(text):
        for each in bans:
            if each.pattern.search(line):
                findings.append(Finding(name, number, each.rule, each.message))
    return findings


def code_lines(text):
    """The lines with comments and literals blanked, except that includes keep their names."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])

    code = COMMENTS_AND_LITERALS.sub(blank, text).split("\n")
    for number, (stripped, line) in enumerate(zip(code, text.split("\n")), 1):
        yield number, line if INCLUDE_LINE.match(stripped) else stripped


def find_thread_locals(name, text):
    if not name.startswith("engine/") or not name.endswith((".h", ".cc")):
        return []
    return [Finding(name, number, "thread-local",
                    "the engine has one thread-local already: wolfSSL's randomness hook")
            for number, line in code_lines(text) if re.search(r"\bthread_local\b", line)]


def check_schemas(root):
    return [Finding(f"schemas/{schema.name}", 1, "schema-doc",
                    f"schemas/{schema.stem}.md, which explains it, is missing")
            for schema in sorted((root / "schemas").glob("*.fbs"))
            if not schema.with_suffix(".md").exists()]
