// A folder of its own for one test, removed with everything in it at the end. Tests only.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tickhouse/core/check.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    const auto base = std::filesystem::temp_directory_path() / "tickhouse-test-XXXXXX";
    path_ = base.string();
    TICKHOUSE_CHECK(::mkdtemp(path_.data()) != nullptr, "a temporary folder can be made");
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  /// A path inside.
  std::string File(std::string_view name) const { return JoinPath(path_, name); }

 private:
  std::string path_;
};

}  // namespace tickhouse::io
