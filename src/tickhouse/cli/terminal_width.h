// How wide a table may be.
#pragma once

#include <cstddef>

namespace tickhouse::cli {

/// Columns of the terminal on standard output, at least 40; 120 where it is none.
std::size_t TerminalWidth();

}  // namespace tickhouse::cli
