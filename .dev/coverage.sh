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
llvm-cov report --instr-profile "$profiles/all.profdata" \
  --ignore-filename-regex '/(tests|fuzz|bench|build)/|^/usr/' "${objects[@]}"
