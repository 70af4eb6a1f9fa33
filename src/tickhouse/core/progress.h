// How long work tells where it stands. The work knows counts; the listener knows the terminal.
#pragma once

#include <cstdint>
#include <string_view>

namespace tickhouse {

/// Safe for use by several threads. Calls are cheap; listeners throttle what they draw.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A new stretch of work: `verb` such as "convert", `unit` such as "bytes" or "files".
  /// total 0: not known.
  virtual void Start(std::string_view verb, int64_t total, std::string_view unit) = 0;
  virtual void Advance(int64_t amount) = 0;
  virtual void Finish() = 0;
};

/// Says nothing.
class SilentProgress : public Progress {
 public:
  void Start(std::string_view, int64_t, std::string_view) override {}
  void Advance(int64_t) override {}
  void Finish() override {}
};

}  // namespace tickhouse
