"""Installs the npm packages that a package.json pins, once, into a build directory."""

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

PATIENCE_S = 300


def install(manifest, home):
    """Makes `home` ready for what uses them; gives {name: version}. RuntimeError: what failed."""
    home = Path(home)
    wanted = json.loads(manifest.read_text())["dependencies"]
    home.mkdir(parents=True, exist_ok=True)
    with open(home / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests that share a home may run at once
        # npm writes its own record last: a package without it is what an interrupted run left.
        complete = (home / "node_modules/.package-lock.json").exists()
        if not complete or installed(home, wanted) != wanted:
            shutil.copy(manifest, home / "package.json")
            run_npm(home)
        return installed(home, wanted)


def installed(home, names):
    manifests = {name: home / "node_modules" / name / "package.json" for name in names}
    return {name: json.loads(path.read_text())["version"]
            for name, path in manifests.items() if path.exists()}


def run_npm(home):
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(command, cwd=home, timeout=PATIENCE_S, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"npm: {error}") from None
    if done.returncode != 0:
        raise RuntimeError(f"npm failed:\n{done.stdout}")
