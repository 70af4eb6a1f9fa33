#include "tickhouse/ingest/fetch/fetch_manifest.h"

#include <fmt/format.h>

#include "tickhouse/core/time.h"

namespace tickhouse::ingest {

namespace {

std::string Quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

}  // namespace

std::string FetchFolder(std::string_view out, std::string_view symbol) {
  return io::JoinPath(io::JoinPath(out, symbol), ".fetch");
}

Result<std::unique_ptr<FetchManifest>> FetchManifest::Open(io::FileSystem& fs,
                                                           const std::string& folder) {
  const std::string path = io::JoinPath(folder, "manifest.journal");
  TICKHOUSE_TRY(fs.MakeFolders(folder));
  TICKHOUSE_ASSIGN(std::unique_ptr<io::Journal> journal, io::Journal::Open(fs, path));
  std::unique_ptr<FetchManifest> manifest(new FetchManifest(folder, std::move(journal)));
  for (const std::string& entry : manifest->journal_->records()) {
    std::string_view rest = entry;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      auto record = ParseHourRecord(rest.substr(0, end));
      if (!record) return Fail(record.error().WithContext(path));
      manifest->records_[{record->feed, record->hour_ns}] = std::move(*record);
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
  }
  return manifest;
}

std::optional<HourRecord> FetchManifest::Find(FeedKind feed, int64_t hour_ns) const {
  std::scoped_lock lock(mutex_);
  const auto found = records_.find({feed, hour_ns});
  if (found == records_.end()) return std::nullopt;
  return found->second;
}

std::vector<HourRecord> FetchManifest::Records(FeedKind feed) const {
  std::scoped_lock lock(mutex_);
  std::vector<HourRecord> out;
  for (const auto& [key, record] : records_) {
    if (key.first == feed) out.push_back(record);
  }
  return out;
}

Status FetchManifest::Put(std::span<const HourRecord> records) {
  if (records.empty()) return {};
  std::string entry;
  for (const HourRecord& record : records) entry += FormatHourRecord(record) + '\n';
  TICKHOUSE_TRY(journal_->Append(entry));
  std::scoped_lock lock(mutex_);
  for (const HourRecord& record : records) records_[{record.feed, record.hour_ns}] = record;
  return {};
}

Status FetchManifest::Export(io::FileSystem& fs) const {
  std::string text = "feed,hour,state,ticks,bytes,sha256,file,source,fetched,detail\n";
  {
    std::scoped_lock lock(mutex_);
    for (const auto& [key, r] : records_) {
      fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{},{},{}\n",
                     FeedKindName(r.feed), FormatUtc(FromNanos(r.hour_ns)), HourStateName(r.state),
                     r.ticks, r.bytes, r.sha256, Quoted(r.file), Quoted(r.source),
                     r.fetched_ns == 0 ? "" : FormatUtc(FromNanos(r.fetched_ns)), Quoted(r.detail));
    }
  }
  return fs.WriteWhole(io::JoinPath(folder_, "manifest.csv"), text);
}

}  // namespace tickhouse::ingest
