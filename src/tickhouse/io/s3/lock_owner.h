// Who holds a lock on a store: enough to tell, on the same machine, whether that process still
// runs. Internal to io/s3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tickhouse::io {

struct LockOwner {
  std::string host;     ///< For people.
  std::string machine;  ///< This start of this kernel, and the space its pids count in.
  int64_t pid = 0;
  int64_t started = 0;  ///< Ticks since the machine started; a pid that was used again differs.
};

/// This process; made once, the same ever after.
const LockOwner& ThisProcess();

/// Lines "name value", beginning with "tickhouse-lock 1".
std::string FormatLockOwner(const LockOwner& owner);
/// Nothing when it is not such a text.
std::optional<LockOwner> ParseLockOwner(std::string_view text);

/// Of a process of this machine only: nothing when it is on another, where nobody here can tell.
std::optional<bool> IsRunning(const LockOwner& owner);

}  // namespace tickhouse::io
