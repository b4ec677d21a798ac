// kith: pairs a person's devices with twelve words and moves files between them.

#include "io/cli/program.h"

int main(int argc, char** argv) { return kith::cli::run_program(argc, argv); }
