# ./dev docs
# shellcheck shell=bash
.dev/packages.sh base
.dev/docs.py --self-test
.dev/docs.py
