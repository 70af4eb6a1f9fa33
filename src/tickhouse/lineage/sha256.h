// SHA-256 of what was read and written: the name by which content is known.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::lineage {

/// Fed piece by piece; one thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void Update(std::span<const std::byte> bytes);
  /// 64 lower-case hex digits. Call once.
  std::string Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Of(std::string_view bytes);
Result<std::string> Sha256OfFile(const io::ReadableFile& file);

}  // namespace tickhouse::lineage
