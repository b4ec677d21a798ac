"""How large the source is, by folder."""

from collections import defaultdict

from .rules import cxx_files


def print_sizes(root):
    folders = defaultdict(list)
    for path in cxx_files(root):
        name = path.relative_to(root).as_posix()
        lines = path.read_text(encoding="utf-8", errors="replace").count("\n")
        folders[name.split("/")[0]].append((lines, name))
    for folder, sizes in folders.items():
        largest = max(sizes)
        print(f"{folder:7} {len(sizes):4} files {sum(lines for lines, _ in sizes):7} lines, "
              f"largest {largest[1]} with {largest[0]}")
