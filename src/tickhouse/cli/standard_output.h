// What goes to standard output while a command runs.
#pragma once

#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse::cli {

/// kIo and the like; kCancelled once nobody reads any more (`| head`).
Status WriteOutput(std::string_view bytes);

/// True when `error_number` says that the reader of standard output is gone, now or earlier: then
/// there is nobody to tell, and the exit code is that of a process ended by SIGPIPE.
bool ReaderIsGone(int error_number = 0);
inline constexpr int kReaderIsGone = 141;

}  // namespace tickhouse::cli
