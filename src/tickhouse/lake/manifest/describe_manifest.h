// What a manifest says of itself, for tables whose snapshots have no manifest list. Inside only.
#pragma once

#include <string>

#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

/// Path, length and spec; the counts stay unknown.
Result<ManifestFile> DescribeManifest(io::FileSystem& files, const std::string& location);

}  // namespace tickhouse::lake
