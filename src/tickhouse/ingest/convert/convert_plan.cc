#include "tickhouse/ingest/convert/convert_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "tickhouse/core/market/instrument.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_address.h"

namespace tickhouse::ingest {

namespace {

constexpr std::string_view kRejectsSuffix = ".rejects.csv";

std::vector<std::string_view> PathParts(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

// "./a" and "a" are one place.
std::string_view WithoutDot(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  return path;
}

bool IsHidden(std::string_view relative) {
  return std::ranges::any_of(PathParts(relative),
                             [](std::string_view part) { return part.starts_with('.'); });
}

bool IsPackedExtension(std::string_view extension) {
  return extension == "gz" || extension == "zst" || extension == "zip";
}

std::optional<InputKind> KindOf(std::string_view path) {
  const std::string extension = io::Extension(path);
  if (extension == "bi5") return InputKind::kBi5;
  if (extension == "json") return InputKind::kJson;
  if (extension == "csv" || extension == "txt" || extension == "tsv") return InputKind::kCsv;
  // HistData names its archives without an inner extension: what is packed is taken for CSV.
  if (IsPackedExtension(extension)) return InputKind::kCsv;
  return std::nullopt;
}

// "x/My.Ticks.CSV.gz" -> "x/My.Ticks"
std::string StemOf(std::string_view relative) {
  std::string stem(relative);
  if (IsPackedExtension(io::Extension(stem))) stem.resize(stem.rfind('.'));
  const std::string extension = io::Extension(stem);
  if (extension == "csv" || extension == "txt" || extension == "tsv") stem.resize(stem.rfind('.'));
  return stem;
}

// The nearest folder above the file that is named after a symbol.
std::optional<std::string> SymbolOfFolders(std::string_view root_name, std::string_view relative) {
  std::vector<std::string_view> parts = PathParts(io::ParentPath(relative));
  parts.insert(parts.begin(), root_name);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (auto symbol = SymbolOfFolder(*part)) return symbol;
  }
  return std::nullopt;
}

class Planner {
 public:
  Planner(const ConvertOptions& options, std::string root_name)
      : options_(options), root_name_(std::move(root_name)) {}

  void Add(const io::FileInfo& info, const std::string& relative) {
    const std::optional<InputKind> kind = KindOf(relative);
    if (!kind) {
      ++plan_.ignored_files;
      return;
    }
    SourceFile source{info.path, relative, info.size, ToNanos(info.modified), 0};
    if (*kind == InputKind::kCsv) {
      AddCsv(std::move(source));
    } else {
      AddHour(*kind, std::move(source));
    }
  }

  ConvertPlan Take() {
    for (auto& [name, item] : hours_) {
      std::ranges::sort(item.sources, [](const SourceFile& a, const SourceFile& b) {
        return std::tie(a.hour_ns, a.relative) < std::tie(b.hour_ns, b.relative);
      });
      Keep(std::move(item));
    }
    std::ranges::sort(plan_.items, {}, &ConvertItem::name);
    return std::move(plan_);
  }

 private:
  void AddCsv(SourceFile source) {
    ConvertItem item;
    item.kind = InputKind::kCsv;
    item.name = StemOf(source.relative);
    const io::FileNameFacts facts = io::ParseTickFileName(io::BaseName(source.path));
    item.name_zone = facts.zone;
    if (!options_.symbol.empty()) {
      item.symbol = CanonicalSymbol(options_.symbol);
    } else if (auto symbol = SymbolOfFolders(root_name_, source.relative)) {
      item.symbol = *symbol;
    } else if (facts.symbol) {
      item.symbol = *facts.symbol;
    }
    item.sources.push_back(std::move(source));
    Keep(std::move(item));
  }

  void AddHour(InputKind kind, SourceFile source) {
    Result<HourPath> hour = ParseHourPath(kind, source.path);
    if (!hour) {
      if (kind == InputKind::kJson) {
        AddSingleJson(std::move(source));
      } else {
        plan_.refused.push_back({source.relative, hour.error()});
      }
      return;
    }
    const std::string symbol =
        options_.symbol.empty() ? hour->symbol : CanonicalSymbol(options_.symbol);
    source.hour_ns = hour->hour_ns;
    const auto date =
        ToYearMonthDay(CivilDay{static_cast<int32_t>(FloorDiv(hour->hour_ns, kNanosPerDay))});
    const std::string name = io::JoinPath(
        FolderAboveDates(source.relative),
        fmt::format("{}_{}_{:04}-{:02}", symbol, InputKindName(kind), static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month())));
    ConvertItem& item = hours_[name];
    item.kind = kind;
    item.name = name;
    item.symbol = symbol;
    item.sources.push_back(std::move(source));
  }

  // An hour saved by hand under any name: its content tells the time, but not the symbol.
  void AddSingleJson(SourceFile source) {
    const std::string_view base = io::BaseName(source.relative);
    if (base.starts_with("instrument") || base.starts_with("manifest")) {
      ++plan_.ignored_files;
      return;
    }
    ConvertItem item;
    item.kind = InputKind::kJson;
    item.name = source.relative.substr(0, source.relative.rfind('.'));
    if (!options_.symbol.empty()) {
      item.symbol = CanonicalSymbol(options_.symbol);
    } else if (auto folder = SymbolOfFolders(root_name_, source.relative)) {
      item.symbol = *folder;
    } else if (auto word = SymbolInWords(base)) {
      item.symbol = *word;
    } else {
      plan_.refused.push_back(
          {source.relative,
           Error{ErrorKind::kInvalidArgument,
                 "neither the folder nor the file name tells the symbol; name the folder after it "
                 "or pass --symbol"}});
      return;
    }
    item.sources.push_back(std::move(source));
    Keep(std::move(item));
  }

  // "ticks-EUR-USD-2026-7-13-12.json" -> EURUSD: two neighbouring words that name an instrument.
  static std::optional<std::string> SymbolInWords(std::string_view base) {
    std::vector<std::string> words(1);
    for (const char c : base) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
        words.back() += c;
      } else if (!words.back().empty()) {
        words.emplace_back();
      }
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (auto known = FindInstrument(words[i])) return known->symbol;
      if (i + 1 == words.size()) break;
      if (auto known = FindInstrument(words[i] + words[i + 1])) return known->symbol;
    }
    return std::nullopt;
  }

  struct HourPath {
    std::string symbol;
    int64_t hour_ns = 0;
  };

  static Result<HourPath> ParseHourPath(InputKind kind, const std::string& path) {
    if (kind == InputKind::kJson) {
      TICKHOUSE_ASSIGN(const io::DukascopyJsonPath parsed, io::ParseDukascopyJsonPath(path));
      return HourPath{parsed.symbol, parsed.hour_ns};
    }
    TICKHOUSE_ASSIGN(const io::Bi5Path parsed, io::ParseBi5Path(path));
    return HourPath{parsed.symbol, parsed.hour_ns};
  }

  // "bi5/GBPJPY/2012/11/01/00h_ticks.bi5" -> "bi5/GBPJPY": what stands above the folders of digits.
  static std::string FolderAboveDates(std::string_view relative) {
    std::string_view folder = io::ParentPath(relative);
    while (!folder.empty() &&
           io::BaseName(folder).find_first_not_of("0123456789-") == std::string_view::npos) {
      folder = io::ParentPath(folder);
    }
    return std::string(folder);
  }

  void Keep(ConvertItem item) {
    const auto [taken, fresh] = names_.emplace(item.name, item.label());
    if (!fresh) {
      plan_.refused.push_back(
          {item.label(),
           Error{
               ErrorKind::kConflict,
               fmt::format("would write the same output {}_chunk_000.parquet as {}; rename one of "
                           "them or convert them into different folders",
                           item.name, taken->second)}});
      return;
    }
    plan_.items.push_back(std::move(item));
  }

  const ConvertOptions& options_;
  const std::string root_name_;
  ConvertPlan plan_;
  std::map<std::string, ConvertItem> hours_;
  std::map<std::string, std::string> names_;
};

}  // namespace

std::string_view InputKindName(InputKind kind) {
  switch (kind) {
    case InputKind::kCsv: return "csv";
    case InputKind::kBi5: return "bi5";
    case InputKind::kJson: return "json";
  }
  return "?";
}

int64_t ConvertItem::bytes() const {
  int64_t sum = 0;
  for (const SourceFile& source : sources) sum += source.size;
  return sum;
}

std::string ConvertItem::label() const {
  if (kind == InputKind::kCsv) return sources.front().relative;
  return fmt::format("{} ({} {} hours)", name, sources.size(), InputKindName(kind));
}

std::optional<std::string> SymbolOfFolder(std::string_view folder_name) {
  static const std::set<std::string_view> kNoSymbols = {
      "CSV", "RAW", "DATA", "TICK", "TICKS", "BI5", "JSON", "UTC", "INPUT", "OUTPUT", "FOREX"};
  if (folder_name.size() < 3 || folder_name.size() > 32) return std::nullopt;
  if (auto known = FindInstrument(folder_name)) return known->symbol;
  bool has_letter = false;
  for (const char c : folder_name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isupper(byte)) has_letter = true;
    if (!std::isupper(byte) && !std::isdigit(byte) && c != '.' && c != '-' && c != '_') {
      return std::nullopt;
    }
  }
  if (!has_letter || kNoSymbols.contains(folder_name)) return std::nullopt;
  return CanonicalSymbol(folder_name);
}

Result<ConvertPlan> PlanConversion(io::FileSystem& files, const std::string& in,
                                   const std::string& out, const ConvertOptions& options) {
  Result<io::FileInfo> single = files.Stat(in);
  if (single) {
    Planner planner(options, std::string(io::BaseName(io::ParentPath(in))));
    planner.Add(*single, std::string(io::BaseName(in)));
    ConvertPlan plan = planner.Take();
    if (plan.ignored_files > 0) {
      return Fail(
          ErrorKind::kUnsupported,
          fmt::format("{}: not a kind that convert reads (csv, txt, tsv, bi5, json, and csv in "
                      "gz, zst or zip); rename it if it is CSV",
                      in));
    }
    return plan;
  }
  TICKHOUSE_ASSIGN(const std::vector<io::FileInfo> found, files.ListFiles(in));
  std::string_view root = in;
  while (root.size() > 1 && root.ends_with('/')) root.remove_suffix(1);
  Planner planner(options, std::string(io::BaseName(root)));
  for (const io::FileInfo& info : found) {
    const std::optional<std::string> relative = io::RelativePath(info.path, in);
    if (!relative || IsHidden(*relative) || relative->ends_with(kRejectsSuffix)) continue;
    if (io::RelativePath(WithoutDot(info.path), WithoutDot(out))) continue;
    planner.Add(info, *relative);
  }
  ConvertPlan plan = planner.Take();
  if (plan.items.empty() && plan.refused.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{}: no CSV, bi5 or JSON ticks in this folder ({} other files)", in,
                            plan.ignored_files));
  }
  return plan;
}

}  // namespace tickhouse::ingest
