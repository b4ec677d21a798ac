#include "sim/cli/cli.h"

int main(int argc, char** argv) {
  return kith::sim::main(argc, argv, kith::sim::built_in_handlers());
}
