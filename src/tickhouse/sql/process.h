// Running another program and waiting for it.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse::sql {

struct ProcessRequest {
  std::vector<std::string> command;  ///< Program (looked up in PATH when without '/'), arguments.
  std::string folder;                ///< Working folder; empty: ours.
  /// "NAME=value", in place of our own of that name or beside ours.
  std::vector<std::string> environment = {};
  Clock* clock = nullptr;                     ///< Needed for a timeout.
  Nanos timeout = Nanos::zero();              ///< Zero: none.
  Nanos patience = std::chrono::seconds(10);  ///< Between SIGTERM and SIGKILL.
};

struct ProcessAnswer {
  int exit_code = 0;   ///< 128 + signal when it was killed.
  std::string output;  ///< The last 64 KiB of standard output and error together.
};

/// Blocks until the program ends. kUnavailable when it cannot be started; kCancelled after `cancel`
/// fired, kTimeout after the time was over: the program got SIGTERM, and SIGKILL when it had not
/// ended within the patience.
Result<ProcessAnswer> RunProcess(const ProcessRequest& request, const CancelToken& cancel);

}  // namespace tickhouse::sql
