// Progress on standard error: a bar with rate and time left on a terminal, lines with counts
// elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/progress.h"

namespace tickhouse::cli {

/// "[=====>    ] 52 %  1.2 GB/s  0:07 left" for what is known; total 0 shows count and rate only.
/// Pure, for tests. `unit` "bytes" is scaled to kB, MB, GB.
std::string ProgressLine(const std::string& verb, int64_t done, int64_t total,
                         const std::string& unit, double seconds, int width);

/// Draws at most ten times a second on a terminal, every ten seconds elsewhere. Safe for threads.
class TerminalProgress : public Progress {
 public:
  /// Nothing is owned. `is_terminal` picks the form.
  TerminalProgress(Clock* clock, bool is_terminal);
  void Start(std::string_view verb, int64_t total, std::string_view unit) override;
  void Advance(int64_t amount) override;
  void Finish() override;

 private:
  void Draw(bool last);

  Clock* clock_;
  const bool is_terminal_;
  std::mutex mutex_;
  std::string verb_;
  std::string unit_;
  int64_t total_ = 0;
  int64_t done_ = 0;
  int64_t started_ns_ = 0;
  int64_t drawn_ns_ = 0;
  bool drawn_ = false;
};

}  // namespace tickhouse::cli
