#include "tickhouse/ingest/fetch/raw_folder.h"

#include <fmt/format.h>

#include "tickhouse/core/time.h"
#include "tickhouse/ingest/fetch/fetch_manifest.h"
#include "tickhouse/ingest/fetch/hour_content.h"

namespace tickhouse::ingest {

Result<RawFolder> RawFolder::Open(io::FileSystem* files, std::string out, std::string symbol) {
  RawFolder folder(files, std::move(out), std::move(symbol));
  auto listed = files->ListFiles(io::JoinPath(folder.out_, folder.symbol_));
  if (!listed && listed.error().kind == ErrorKind::kNotFound) return folder;
  if (!listed) return Fail(listed.error());
  for (const io::FileInfo& info : *listed) {
    const auto below = io::RelativePath(info.path, folder.out_);
    if (below && below->find("/.fetch/") == below->npos) folder.sizes_[*below] = info.size;
  }
  return folder;
}

int64_t RawFolder::SizeOf(const std::string& file) const {
  const auto found = sizes_.find(file);
  return found == sizes_.end() ? -1 : found->second;
}

Result<std::string> RawFolder::Read(const std::string& file) const {
  return files_->ReadWhole(io::JoinPath(out_, file));
}

Status RawFolder::Store(const std::string& file, std::string_view bytes) const {
  return files_->WriteWhole(io::JoinPath(out_, file), bytes,
                            {.must_not_exist = true, .read_only = true});
}

// Not the extension of a raw file, so that nobody takes it for one.
std::string RawFolder::QuarantinePath(const HourRecord& hour) const {
  return fmt::format("{}/quarantine/{}_{}Z.{}.quarantined", FetchFolder("", symbol_), symbol_,
                     FormatUtc(FromNanos(hour.hour_ns)).substr(0, 13), FeedKindName(hour.feed));
}

Status RawFolder::WriteReason(const std::string& path, const HourRecord& hour,
                              std::string_view reason) const {
  return files_->WriteWhole(
      io::JoinPath(out_, path) + ".reason.txt",
      fmt::format("{} {} {}\n{}\nsource: {}\n", symbol_, FeedKindName(hour.feed),
                  FormatUtc(FromNanos(hour.hour_ns)), reason, hour.source));
}

Result<std::string> RawFolder::Quarantine(const HourRecord& hour, std::string_view reason) const {
  std::string path = QuarantinePath(hour);
  TICKHOUSE_TRY(WriteReason(path, hour, reason));
  const std::string file = HourFile(hour.feed, symbol_, hour.hour_ns);
  const Status moved = files_->Rename(io::JoinPath(out_, file), io::JoinPath(out_, path));
  if (!moved && moved.error().kind != ErrorKind::kNotFound) return Fail(moved.error());
  return path;
}

Result<std::string> RawFolder::QuarantineBytes(const HourRecord& hour, std::string_view bytes,
                                               std::string_view reason) const {
  std::string path = QuarantinePath(hour);
  TICKHOUSE_TRY(WriteReason(path, hour, reason));
  TICKHOUSE_TRY(files_->WriteWhole(io::JoinPath(out_, path), bytes));
  return path;
}

}  // namespace tickhouse::ingest
