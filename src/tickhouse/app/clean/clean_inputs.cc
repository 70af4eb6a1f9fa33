#include "tickhouse/app/clean/clean_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <string_view>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/ingest/convert/convert_plan.h"
#include "tickhouse/io/csv/csv_dialect.h"

namespace tickhouse::app {

namespace {

bool IsHidden(std::string_view relative) {
  return relative.starts_with('.') || relative.find("/.") != std::string_view::npos;
}

// "a/./b/" and "a/b" name one folder.
std::string Plain(std::string_view path) {
  std::string plain = path.starts_with('/') ? "/" : "";
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (!part.empty() && part != ".") {
      if (!plain.empty() && plain.back() != '/') plain += '/';
      plain += part;
    }
    at = end + 1;
  }
  return plain;
}

Result<std::vector<io::FileInfo>> ListInputs(io::FileSystem& files, const std::string& in,
                                             const std::string& out) {
  std::vector<io::FileInfo> found;
  if (auto one = files.Stat(in)) {
    found.push_back(std::move(*one));
  } else {
    TICKHOUSE_ASSIGN(found, files.ListFiles(in));
    std::erase_if(found, [&](const io::FileInfo& info) {
      const auto relative = io::RelativePath(info.path, in);
      return io::Extension(info.path) != "parquet" || IsHidden(relative.value_or("")) ||
             io::RelativePath(Plain(info.path), Plain(out)).has_value();
    });
  }
  if (found.empty()) {
    return Fail(ErrorKind::kNotFound, in + ": no .parquet file at or below it; `tickhouse convert` "
                                           "makes them from raw ticks");
  }
  return found;
}

// Below IN, or the file's own name when IN is the file.
std::string NameBelow(const std::string& in, const io::FileInfo& info) {
  const std::string relative = io::RelativePath(info.path, in).value_or("");
  return relative.empty() ? std::string(io::BaseName(info.path)) : relative;
}

// Folders count up to IN itself, or the one that holds it when IN is a file.
std::string SymbolFromNames(const std::string& in, const io::FileInfo& info) {
  const std::string path = Plain(info.path);
  std::string_view folder = io::ParentPath(path);
  const std::string plain_in = Plain(in);
  const std::string_view top = path == plain_in ? folder : std::string_view(plain_in);
  const std::string_view above = io::ParentPath(top);
  while (!folder.empty() && folder != above) {
    if (auto symbol = ingest::SymbolOfFolder(io::BaseName(folder))) return *symbol;
    folder = io::ParentPath(folder);
  }
  return CanonicalSymbol(io::ParseTickFileName(io::BaseName(path)).symbol.value_or(""));
}

struct Probed {
  std::string symbol;
  std::optional<CleanInput> input;
  Error error{ErrorKind::kIo, ""};
};

Probed Probe(const Environment& environment, const std::string& in, const io::FileInfo& info,
             const std::string& symbol) {
  Probed probed;
  probed.symbol = symbol.empty() ? SymbolFromNames(in, info) : CanonicalSymbol(symbol);
  const auto read = [&]() -> Result<CleanInput> {
    TICKHOUSE_ASSIGN(const auto file, environment.files->OpenRead(info.path));
    TICKHOUSE_ASSIGN(const io::ParquetTickInfo footer, io::ReadParquetTickInfo(*file));
    if (symbol.empty() && !footer.metadata.symbol.empty()) {
      probed.symbol = CanonicalSymbol(footer.metadata.symbol);
    }
    CleanInput input;
    input.path = info.path;
    input.relative = NameBelow(in, info);
    TICKHOUSE_ASSIGN(input.layout, LayoutOf(environment, info.path, footer));
    input.layout.name = input.relative;
    input.rows = footer.rows;
    input.missing_times = footer.date_time.nulls.value_or(0);
    input.decimals = footer.metadata.decimals;
    return input;
  };
  Result<CleanInput> input = read();
  if (!input) {
    probed.error = input.error();
  } else if (probed.symbol.empty()) {
    probed.error = {ErrorKind::kInvalidArgument,
                    "neither its metadata, folder nor name tells the symbol; give --symbol"};
  } else {
    probed.input = std::move(*input);
  }
  return probed;
}

// A writer that can only have put numbers into the columns: ours writes missing prices as nulls.
bool WritesNoNan(const io::ParquetTickInfo& info) {
  return info.created_by.starts_with("tickhouse");
}

Result<clean::FileLayout> LayoutByReading(const Environment& environment, const std::string& path) {
  TICKHOUSE_ASSIGN(auto file, environment.files->OpenRead(path));
  io::ParquetReadOptions options;
  options.keep_null_rows = true;
  TICKHOUSE_ASSIGN(auto reader, io::OpenParquetTicks(std::move(file), options));
  clean::FileLayout layout;
  layout.by_group = false;
  clean::GroupBounds bounds{0, std::numeric_limits<int64_t>::max(),
                            std::numeric_limits<int64_t>::min()};
  int64_t rows = 0;
  TickBatch batch;
  while (true) {
    TICKHOUSE_TRY(environment.cancel.Check());
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) break;
    rows += static_cast<int64_t>(batch.size());
    for (const int64_t time_ns : batch.time_ns) {
      if (time_ns == std::numeric_limits<int64_t>::min()) continue;
      bounds.first_ns = std::min(bounds.first_ns, time_ns);
      bounds.last_ns = std::max(bounds.last_ns, time_ns);
    }
  }
  if (bounds.first_ns <= bounds.last_ns) bounds.rows = rows;
  layout.groups.push_back(bounds);
  return layout;
}

}  // namespace

Result<clean::FileLayout> LayoutOf(const Environment& environment, const std::string& path,
                                   const io::ParquetTickInfo& info) {
  clean::FileLayout layout;
  for (const io::ParquetTickInfo::RowGroup& group : info.row_groups) {
    if (group.rows > 0 && (!group.min_time_ns || !group.max_time_ns)) {
      return LayoutByReading(environment, path);
    }
    layout.groups.push_back(
        {group.rows, group.min_time_ns.value_or(0), group.max_time_ns.value_or(0)});
  }
  layout.complete =
      WritesNoNan(info) && info.date_time.nulls == 0 && info.bid.nulls == 0 && info.ask.nulls == 0;
  return layout;
}

Result<CleanInputs> FindCleanInputs(const Environment& environment, const std::string& in,
                                    const std::string& out, const std::string& symbol) {
  if (Plain(in) == Plain(out)) {
    return Fail(ErrorKind::kInvalidArgument,
                out + ": OUT is IN; outputs would be taken for inputs. Give another folder");
  }
  TICKHOUSE_ASSIGN(const std::vector<io::FileInfo> files, ListInputs(*environment.files, in, out));
  std::vector<Probed> probed(files.size());
  TICKHOUSE_TRY(ParallelFor(files.size(), environment.threads, environment.cancel,
                            [&](std::size_t i) -> Status {
                              probed[i] = Probe(environment, in, files[i], symbol);
                              return {};
                            }));
  CleanInputs inputs;
  inputs.files = static_cast<int64_t>(files.size());
  std::map<std::string, SymbolInputs> by_symbol;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string name = NameBelow(in, files[i]);
    if (probed[i].symbol.empty()) {
      inputs.failed.emplace_back(name, probed[i].error);
      continue;
    }
    SymbolInputs& of = by_symbol[probed[i].symbol];
    if (probed[i].input) {
      of.files.push_back(std::move(*probed[i].input));
    } else {
      of.failed.emplace_back(name, probed[i].error);
    }
  }
  for (auto& [name, of] : by_symbol) {
    of.symbol = name;
    inputs.symbols.push_back(std::move(of));
  }
  return inputs;
}

}  // namespace tickhouse::app
