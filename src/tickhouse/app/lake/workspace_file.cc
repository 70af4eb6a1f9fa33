#include "tickhouse/app/lake/workspace_file.h"

#include <fmt/format.h>

#include <array>
#include <sstream>
#include <utility>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace tickhouse::app {

namespace {

constexpr int64_t kMostBytes = 1 << 20;

struct Key {
  std::string_view name;
  std::string LakeSettings::* member;
};
constexpr std::array<Key, 4> kKeys = {{{"catalog", &LakeSettings::catalog},
                                       {"uri", &LakeSettings::uri},
                                       {"catalog-name", &LakeSettings::catalog_name},
                                       {"warehouse", &LakeSettings::warehouse}}};

Result<LakeSettings> ReadSection(const toml::table& section, const std::string& path) {
  LakeSettings settings;
  for (const auto& [key, value] : section) {
    const Key* known = nullptr;
    for (const Key& candidate : kKeys) {
      if (candidate.name == key.str()) known = &candidate;
    }
    const auto text = value.value<std::string>();
    if (known == nullptr || !text) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}:{}: [lake] {}: {}", path, value.source().begin.line, key.str(),
                              known == nullptr
                                  ? "unknown key (known: catalog, uri, catalog-name, warehouse)"
                                  : "must be a text in quotes"));
    }
    settings.*(known->member) = *text;
  }
  return settings;
}

}  // namespace

Result<std::optional<LakeSettings>> ReadLakeSettings(io::FileSystem& files,
                                                     const std::string& path) {
  TICKHOUSE_ASSIGN(const bool exists, files.Exists(path));
  if (!exists) return std::optional<LakeSettings>();
  TICKHOUSE_ASSIGN(const std::string text, files.ReadWhole(path, kMostBytes));
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{}:{}: {}", path, parsed.error().source().begin.line,
                            std::string(parsed.error().description())));
  }
  const toml::node* const node = parsed.table().get("lake");
  if (node == nullptr) return std::optional<LakeSettings>();
  if (!node->is_table()) {
    return Fail(ErrorKind::kInvalidArgument, path + ": lake must be a section [lake]");
  }
  TICKHOUSE_ASSIGN(LakeSettings settings, ReadSection(*node->as_table(), path));
  return std::optional(std::move(settings));
}

Status AppendLakeSettings(io::FileSystem& files, const std::string& path,
                          const LakeSettings& settings) {
  TICKHOUSE_ASSIGN(const bool exists, files.Exists(path));
  std::string text;
  if (exists) {
    TICKHOUSE_ASSIGN(text, files.ReadWhole(path, kMostBytes));
    if (!text.empty() && !text.ends_with('\n')) text += '\n';
  }
  toml::table section;
  for (const Key& key : kKeys) {
    if (!(settings.*(key.member)).empty()) section.insert(key.name, settings.*(key.member));
  }
  std::ostringstream printed;
  printed << toml::table{{"lake", std::move(section)}};
  return files.WriteWhole(path, text + printed.str() + "\n");
}

}  // namespace tickhouse::app
