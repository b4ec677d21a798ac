# ./dev coverage
# shellcheck shell=bash
.dev/packages.sh coverage
build coverage

profiles=$PWD/build/coverage/profiles
rm -rf "$profiles"
mkdir -p "$profiles"
LLVM_PROFILE_FILE=$profiles/%8m.profraw ctest --preset coverage --parallel "$(nproc)"
llvm-profdata merge --sparse --output "$profiles/all.profdata" "$profiles"/*.profraw

objects=()
for program in build/coverage/bin/tests/* build/coverage/bin/kith*; do
  [[ -x $program ]] && objects+=(--object "$program")
done
report=$(llvm-cov report --instr-profile "$profiles/all.profdata" \
  --ignore-filename-regex '/(tests|fuzz|bench)/|_generated\.h$|^/usr/' "${objects[@]}")
echo "$report"
# Columns 8 and 9 count lines and those never run, 11 and 12 branches.
awk -v least=90 '
  $1 ~ /(^|\/)engine\// { lines += $8; dark += $9; branches += $11; untaken += $12 }
  END {
    covered = 100 * (lines - dark) / lines
    printf "engine/: %.1f %% of %d lines, %.1f %% of %d branches\n",
      covered, lines, 100 * (branches - untaken) / branches, branches
    exit covered < least
  }' <<<"$report"
