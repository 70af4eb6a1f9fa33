#include "tickhouse/io/fs/file_system.h"

#include <fmt/format.h>

namespace tickhouse::io {

Result<bool> FileSystem::Exists(const std::string& path) {
  const auto info = Stat(path);
  if (info) return true;
  const ErrorKind kind = info.error().kind;
  if (kind == ErrorKind::kNotFound || kind == ErrorKind::kInvalidArgument) return false;
  return Fail(info.error());
}

Result<std::string> FileSystem::ReadWhole(const std::string& path, int64_t max_bytes) {
  TICKHOUSE_ASSIGN(auto file, OpenRead(path));
  if (file->size() > max_bytes) {
    return Fail(
        ErrorKind::kInvalidArgument,
        fmt::format("{}: {} bytes, more than the {} expected here", path, file->size(), max_bytes));
  }
  std::string bytes(static_cast<std::size_t>(file->size()), '\0');
  TICKHOUSE_TRY(file->ReadAt(0, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

Status FileSystem::WriteWhole(const std::string& path, std::string_view bytes,
                              WriteOptions options) {
  TICKHOUSE_ASSIGN(auto file, Create(path, options));
  TICKHOUSE_TRY(file->Append(std::as_bytes(std::span(bytes))));
  return file->Commit();
}

}  // namespace tickhouse::io
