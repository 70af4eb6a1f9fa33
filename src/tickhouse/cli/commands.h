// Every command of the program, in the order of `--help`.
#pragma once

#include "tickhouse/cli/command.h"

namespace tickhouse::cli {

}  // namespace tickhouse::cli
