#include "tickhouse/app/lake/migrate/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>

#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/ingest/convert/convert_plan.h"
#include "tickhouse/io/csv/csv_dialect.h"
#include "tickhouse/lineage/sha256.h"

namespace tickhouse::app {

namespace {

constexpr std::string_view kBatchFolder = "Training Batch";
constexpr int64_t kTailBytes = 64 << 10;

std::vector<std::string_view> PartsOf(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end > at) parts.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

bool IsInput(const io::FileInfo& info, const std::string& src) {
  const std::string extension = io::Extension(info.path);
  if (extension != "parquet" && extension != "pq") return false;
  const std::string below = io::RelativePath(info.path, src).value_or("");
  return std::ranges::none_of(PartsOf(below), [](std::string_view part) {
    return part.starts_with('.') || part.starts_with('_');
  });
}

// The folder after `Training Batch`; empty when the path does not pass it.
std::string BatchSymbol(const std::string& path) {
  const std::vector<std::string_view> parts = PartsOf(path);
  for (std::size_t i = 0; i + 2 < parts.size(); ++i) {
    if (parts[i] == kBatchFolder) return std::string(parts[i + 1]);
  }
  return "";
}

std::string SymbolFromNames(const std::string& path, const std::string& src) {
  std::string_view folder = io::ParentPath(path);
  const std::string_view above = io::ParentPath(src);
  while (!folder.empty() && folder != above) {
    if (auto symbol = ingest::SymbolOfFolder(io::BaseName(folder))) return *symbol;
    folder = io::ParentPath(folder);
  }
  return CanonicalSymbol(io::ParseTickFileName(io::BaseName(path)).symbol.value_or(""));
}

// The end of a file held in memory: footers are read several times, and over S3 each is a request.
class TailFile : public io::ReadableFile {
 public:
  static Result<TailFile> Open(const io::ReadableFile& file) {
    TailFile tail(file);
    tail.bytes_.resize(static_cast<std::size_t>(std::min(file.size(), kTailBytes)));
    tail.begin_ = file.size() - static_cast<int64_t>(tail.bytes_.size());
    TICKHOUSE_TRY(file.ReadAt(tail.begin_, tail.bytes_));
    return tail;
  }
  const std::string& path() const override { return file_->path(); }
  int64_t size() const override { return file_->size(); }
  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (offset < begin_ || static_cast<int64_t>(out.size()) > size() - offset) {
      return file_->ReadAt(offset, out);
    }
    std::memcpy(out.data(), bytes_.data() + (offset - begin_), out.size());
    return {};
  }

 private:
  explicit TailFile(const io::ReadableFile& file) : file_(&file) {}
  const io::ReadableFile* file_;
  std::vector<std::byte> bytes_ = {};
  int64_t begin_ = 0;
};

// Of a file whose footer was read, so that the last eight bytes are its length and "PAR1".
Result<std::string> ContentOf(const io::ReadableFile& file) {
  std::array<std::byte, 8> end{};
  TICKHOUSE_TRY(file.ReadAt(file.size() - 8, end));
  uint32_t length = 0;
  std::memcpy(&length, end.data(), 4);
  std::vector<std::byte> footer(static_cast<std::size_t>(length) + 8);
  TICKHOUSE_TRY(file.ReadAt(file.size() - static_cast<int64_t>(footer.size()), footer));
  lineage::Sha256 hash;
  const std::string size = fmt::format("{} ", file.size());
  hash.Update(std::as_bytes(std::span(size)));
  hash.Update(footer);
  return hash.Finish().substr(0, 16);
}

void ReadRowGroups(MigrateSource* source) {
  const io::TickFileLayout& layout = source->layout;
  source->null_times = 0;
  for (const io::FooterRowGroup& group : layout.footer.row_groups) {
    const io::FooterChunk& times = group.chunks[layout.time];
    source->rows += group.rows;
    source->row_groups.push_back(
        {group.rows, io::TimeBound(layout.footer.columns[layout.time], times.stats.min)});
    if (group.rows == 0) continue;
    if (!times.stats.nulls) {
      source->null_times.reset();
    } else if (source->null_times) {
      *source->null_times += *times.stats.nulls;
    }
  }
}

std::string MetadataOf(const io::TickFileLayout& layout, std::string_view key) {
  for (const auto& [name, value] : layout.footer.metadata) {
    if (name == key) return value;
  }
  return "";
}

Result<MigrateSource> Probe(Environment& environment, const io::FileInfo& info,
                            const std::string& src, const std::string& symbol) {
  MigrateSource source;
  source.path = info.path;
  source.name = io::RelativePath(info.path, src).value_or("");
  if (source.name.empty()) source.name = std::string(io::BaseName(info.path));
  source.location = info.path.starts_with('/') ? "file://" + info.path : info.path;
  source.place = lineage::Sha256Of(source.location).substr(0, 12);
  TICKHOUSE_ASSIGN(const auto file, environment.files->OpenRead(info.path));
  source.bytes = file->size();
  TICKHOUSE_ASSIGN(const TailFile tail, TailFile::Open(*file));
  TICKHOUSE_ASSIGN(source.layout, io::ReadTickFileLayout(tail));
  TICKHOUSE_ASSIGN(source.content, ContentOf(tail));
  ReadRowGroups(&source);
  const std::string decimals = MetadataOf(source.layout, "tickhouse.decimals");
  std::from_chars(decimals.data(), decimals.data() + decimals.size(), source.decimals);
  source.symbol = symbol.empty() ? BatchSymbol(info.path) : symbol;
  if (source.symbol.empty()) source.symbol = MetadataOf(source.layout, "tickhouse.symbol");
  if (source.symbol.empty()) source.symbol = SymbolFromNames(info.path, src);
  if (source.symbol.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                "neither its metadata, folder nor name tells the symbol; give --symbol");
  }
  return source;
}

Result<std::vector<io::FileInfo>> List(Environment& environment, const std::string& src) {
  std::vector<io::FileInfo> found;
  if (auto one = environment.files->Stat(src)) {
    found.push_back(std::move(*one));
    return found;
  }
  TICKHOUSE_ASSIGN(found, environment.files->ListFiles(src));
  std::erase_if(found, [&](const io::FileInfo& info) { return !IsInput(info, src); });
  const auto in_batch = [](const io::FileInfo& info) { return !BatchSymbol(info.path).empty(); };
  if (std::ranges::any_of(found, in_batch)) std::erase_if(found, std::not_fn(in_batch));
  if (found.empty()) {
    return Fail(ErrorKind::kNotFound,
                src + ": no .parquet file below it; `tickhouse convert` makes them from raw ticks");
  }
  return found;
}

}  // namespace

std::string GoldTableName(std::string_view symbol) {
  std::string name;
  for (const char c : symbol) {
    const auto byte = static_cast<unsigned char>(c);
    name += byte < 128 && std::isalnum(byte) != 0 ? static_cast<char>(std::tolower(byte)) : '_';
  }
  return name;
}

Result<FoundSources> FindMigrateSources(Environment& environment, const std::string& given,
                                        const std::string& symbol) {
  std::string src = given;
  if (src.find("://") == std::string::npos) {
    TICKHOUSE_ASSIGN(src, PathFromRoot(given));
  }
  while (src.size() > 1 && src.ends_with('/')) src.pop_back();
  TICKHOUSE_ASSIGN(const std::vector<io::FileInfo> infos, List(environment, src));
  std::vector<std::optional<Result<MigrateSource>>> probed(infos.size());
  environment.progress->Start("look", static_cast<int64_t>(infos.size()), "files");
  TICKHOUSE_TRY(ParallelFor(infos.size(), environment.threads, environment.cancel,
                            [&](std::size_t i) -> Status {
                              probed[i] = Probe(environment, infos[i], src, symbol);
                              environment.progress->Advance(1);
                              return {};
                            }));
  environment.progress->Finish();
  FoundSources sources;
  std::map<std::string, SymbolSources> tables;
  for (std::size_t i = 0; i < infos.size(); ++i) {
    Result<MigrateSource>& source = *probed[i];
    if (!source) {
      sources.failed.emplace_back(infos[i].path, source.error());
      continue;
    }
    const std::string table = GoldTableName(source->symbol);
    tables[table].files.push_back(std::move(*source));
  }
  for (auto& [table, of] : tables) {
    of.table = table;
    sources.symbols.push_back(std::move(of));
  }
  return sources;
}

}  // namespace tickhouse::app
