"""Installs the npm package of iroh that package.json pins, once, into a build directory."""

from pathlib import Path

import npm_packages

NAME = "@number0/iroh"


def install(home):
    """Makes `home` ready for iroh_echo.mjs; gives the version. RuntimeError says what failed."""
    return npm_packages.install(Path(__file__).with_name("package.json"), home)[NAME]
