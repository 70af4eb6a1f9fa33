// Section [lake] of a workspace's tickhouse.toml.
#pragma once

#include <optional>
#include <string>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::app {

/// Empty: not said. No passwords: libpq finds them in PGPASSWORD or ~/.pgpass.
struct LakeSettings {
  std::string catalog = {};
  std::string uri = {};
  std::string catalog_name = {};  ///< Key catalog-name.
  std::string warehouse = {};
};

/// Empty when there is no such file or it has no section [lake]. kInvalidArgument names the line or
/// key at fault.
Result<std::optional<LakeSettings>> ReadLakeSettings(io::FileSystem& files,
                                                     const std::string& path);

/// Adds the section to the file (made when missing), leaving everything else as it is; the file
/// must have no such section.
Status AppendLakeSettings(io::FileSystem& files, const std::string& path,
                          const LakeSettings& settings);

}  // namespace tickhouse::app
