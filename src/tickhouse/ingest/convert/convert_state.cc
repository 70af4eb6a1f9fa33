#include "tickhouse/ingest/convert/convert_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tickhouse/lineage/sha256.h"

namespace tickhouse::ingest {

namespace {

using Json = nlohmann::json;

// A file name is any bytes, JSON is UTF-8: what is not UTF-8 travels as hex.
std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

std::string UnHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

bool IsPlainText(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return !text.starts_with("hex:");
}

std::string EncodeName(std::string_view name) {
  return IsPlainText(name) ? std::string(name) : "hex:" + Hex(name);
}

std::string DecodeName(const std::string& name) {
  return name.starts_with("hex:") ? UnHex(std::string_view(name).substr(4)) : name;
}

std::string EncodeRecord(const DoneRecord& record) {
  Json json = {{"item", EncodeName(record.item)},
               {"options", EncodeName(record.options)},
               {"bytes", record.bytes},
               {"stamp", record.stamp},
               {"content", record.content},
               {"started_ns", record.started_ns},
               {"rows", record.rows},
               {"rejected", record.rejected},
               {"outputs", Json::array()}};
  for (const OutputFile& output : record.outputs) {
    json["outputs"].push_back({EncodeName(output.path), output.size});
  }
  return json.dump();
}

Result<DoneRecord> DecodeRecord(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  DoneRecord record;
  try {
    record.item = DecodeName(json.at("item").get<std::string>());
    record.options = DecodeName(json.at("options").get<std::string>());
    record.bytes = json.at("bytes").get<int64_t>();
    record.stamp = json.at("stamp").get<std::string>();
    record.content = json.at("content").get<std::string>();
    record.started_ns = json.at("started_ns").get<int64_t>();
    record.rows = json.at("rows").get<int64_t>();
    record.rejected = json.at("rejected").get<int64_t>();
    for (const Json& output : json.at("outputs")) {
      record.outputs.push_back(
          {DecodeName(output.at(0).get<std::string>()), output.at(1).get<int64_t>()});
    }
  } catch (const std::exception& error) {
    return Fail(ErrorKind::kCorrupt, fmt::format("not a record of convert: {}", error.what()));
  }
  return record;
}

std::string JournalPath(const std::string& out) {
  return io::JoinPath(out, ".tickhouse/convert.journal");
}

}  // namespace

std::string OptionsFingerprint(const ConvertItem& item, const ConvertOptions& options) {
  // "1" is the version of the output's format: raise it when the same input gives other bytes.
  return fmt::format(
      "1;{};symbol={};zone={};name-zone={};dialect={};volume={};chunk={}", InputKindName(item.kind),
      item.symbol, options.source_zone ? options.source_zone->name() : "",
      item.name_zone ? item.name_zone->name() : "",
      options.dialect ? io::CsvDialectName(*options.dialect) : "", options.keep_volume ? 1 : 0,
      item.kind == InputKind::kCsv ? options.chunk_bytes : 0);
}

std::string SourceStamp(const ConvertItem& item) {
  if (item.kind == InputKind::kCsv) {
    return fmt::format("{}:{}", item.sources.front().size, item.sources.front().modified_ns);
  }
  std::string lines;
  for (const SourceFile& source : item.sources) {
    lines += fmt::format("{} {} {}\n", source.hour_ns, source.size, source.modified_ns);
  }
  return lineage::Sha256Of(lines);
}

Result<std::unique_ptr<ConvertState>> ConvertState::Open(io::FileSystem& files,
                                                         const std::string& out) {
  const std::string path = JournalPath(out);
  std::unique_ptr<ConvertState> state(new ConvertState);
  const auto advise = [&](const Error& error) {
    return Fail(error.kind,
                fmt::format("{}; remove {} to convert everything anew", error.message, path));
  };
  Result<std::unique_ptr<io::Journal>> journal = io::Journal::Open(files, path);
  if (!journal) {
    if (journal.error().kind == ErrorKind::kCorrupt) return advise(journal.error());
    return std::unexpected(std::move(journal).error());
  }
  state->journal_ = std::move(*journal);
  for (const std::string& group : state->journal_->records()) {
    std::string_view rest = group;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      Result<DoneRecord> record = DecodeRecord(rest.substr(0, end));
      if (!record) return advise(record.error().WithContext(path));
      state->Keep(std::move(*record));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return state;
}

ConvertState::~ConvertState() = default;

void ConvertState::Keep(DoneRecord record) {
  sizes_.insert({record.bytes, record.options});
  items_by_content_[record.content].push_back(record.item);
  std::unique_ptr<DoneRecord>& place = by_item_[record.item];
  if (place) replaced_.push_back(std::move(place));
  place = std::make_unique<DoneRecord>(std::move(record));
}

const DoneRecord* ConvertState::FindItem(std::string_view item) const {
  std::scoped_lock lock(mutex_);
  const auto found = by_item_.find(item);
  return found == by_item_.end() ? nullptr : found->second.get();
}

const DoneRecord* ConvertState::FindContent(const std::string& content,
                                            const std::string& options) const {
  std::scoped_lock lock(mutex_);
  const auto items = items_by_content_.find(content);
  if (items == items_by_content_.end()) return nullptr;
  for (const std::string& item : items->second) {
    // An item may have been converted again from other content since.
    const DoneRecord* record = by_item_.find(item)->second.get();
    if (record->content == content && record->options == options) return record;
  }
  return nullptr;
}

bool ConvertState::MayKnow(int64_t bytes, const std::string& options) const {
  std::scoped_lock lock(mutex_);
  return sizes_.contains({bytes, options});
}

Status ConvertState::Add(DoneRecord record) {
  std::scoped_lock lock(mutex_);
  pending_.push_back(EncodeRecord(record));
  Keep(std::move(record));
  return pending_.size() >= kGroup ? FlushLocked() : Status();
}

Status ConvertState::Flush() {
  std::scoped_lock lock(mutex_);
  return FlushLocked();
}

Status ConvertState::FlushLocked() {
  if (pending_.empty()) return {};
  std::string group;
  for (const std::string& line : pending_) group += line + '\n';
  pending_.clear();
  return journal_->Append(group);
}

}  // namespace tickhouse::ingest
