#include "tickhouse/cli/standard_output.h"

#include <atomic>
#include <cerrno>
#include <cstdio>

namespace tickhouse::cli {

namespace {

std::atomic<bool>& Gone() {
  static std::atomic<bool> gone = false;
  return gone;
}

}  // namespace

Status WriteOutput(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()) return {};
  if (ReaderIsGone(errno)) return Fail(ErrorKind::kCancelled, "nobody reads standard output");
  return FailErrno(errno, "standard output");
}

bool ReaderIsGone(int error_number) {
  if (error_number == EPIPE) Gone() = true;
  return Gone();
}

}  // namespace tickhouse::cli
