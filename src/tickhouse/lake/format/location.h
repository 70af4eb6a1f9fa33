// Where Iceberg says a file lies, and what an io::FileSystem calls that place.
#pragma once

#include <string>
#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

/// "file:///a/b", "file:/a/b" -> "/a/b"; "s3a://", "s3n://" -> "s3://"; a path without a scheme
/// stays; another scheme is kUnsupported (Trino's "local:///" among them: no other engine knows its
/// root).
Result<std::string> StoragePath(std::string_view location);

}  // namespace tickhouse::lake
