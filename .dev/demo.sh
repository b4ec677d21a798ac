# ./dev demo
# shellcheck shell=bash
build release bin/kith
.dev/demo.py "$bin/kith"
