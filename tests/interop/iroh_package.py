"""Installs the npm package of iroh that package.json pins, once, into a build directory."""

import json
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "@number0/iroh"
PATIENCE_S = 300


def install(home):
    """Makes `home` ready for iroh_echo.mjs; gives the version. RuntimeError says what failed."""
    home = Path(home)
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"][NAME]
    installed = home / "node_modules" / NAME / "package.json"
    # npm writes its own record last: a package without it is what an interrupted run left.
    if not ((home / "node_modules/.package-lock.json").exists() and installed.exists()
            and json.loads(installed.read_text())["version"] == wanted):
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "package.json", home)
        run_npm(home)
    return json.loads(installed.read_text())["version"]


def run_npm(home):
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(command, cwd=home, timeout=PATIENCE_S, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"npm: {error}") from None
    if done.returncode != 0:
        raise RuntimeError(f"npm failed:\n{done.stdout}")
