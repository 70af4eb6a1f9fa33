// Asking long work to stop. Work polls the token between items and returns kCancelled, leaving a
// state that the next run continues.
#pragma once

#include <atomic>
#include <memory>

#include "tickhouse/core/error.h"

namespace tickhouse {

/// A shared flag; copies see the same flag. Safe for several threads and for signal handlers
/// (`Cancel` is one lock-free store).
class CancelToken {
 public:
  CancelToken() : flag_(std::make_shared<std::atomic<bool>>(false)) {}
  void Cancel() const noexcept { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return flag_->load(std::memory_order_relaxed); }

  /// kCancelled once the flag is up.
  Status Check() const {
    if (cancelled()) return Fail(ErrorKind::kCancelled, "interrupted; run again to continue");
    return {};
  }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

}  // namespace tickhouse
