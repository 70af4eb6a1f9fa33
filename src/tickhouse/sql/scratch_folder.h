// A folder of our own beside the data, for the files that go to and come from another program.
#pragma once

#include <string>
#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse::sql {

/// Made under `base`, readable by us alone, removed with everything in it when destroyed.
class ScratchFolder {
 public:
  static Result<ScratchFolder> Make(const std::string& base);
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

  /// Absolute.
  const std::string& path() const { return path_; }
  std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// `name` inside becomes another name of the file `target`, whatever bytes its own name has.
  Status Link(const std::string& target, std::string_view name) const;

  /// A new file that only we can read (mode 0600), for what holds keys.
  Status WritePrivate(std::string_view name, std::string_view bytes) const;

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace tickhouse::sql
