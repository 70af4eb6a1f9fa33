#include "tickhouse/sql/duckdb/statement_bounds.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "tickhouse/sql/engine/json_node.h"

namespace tickhouse::sql {

namespace {

using Json = nlohmann::json;

struct BaseTable {
  std::vector<std::string> name;
  std::string alias;
  bool may_prune = true;
};

struct Literal {
  std::string text;
  bool is_date = false;
};

std::optional<Literal> LiteralOf(const Json& node, const std::vector<Cell>& parameters) {
  const std::string kind = TextOf(node, "class");
  if (kind == "CAST") {
    const std::string type = TextOf(MemberOf(node, "cast_type"), "id");
    if (type != "DATE" && type != "TIMESTAMP" && type != "TIMESTAMP WITH TIME ZONE") return {};
    if (MemberOf(node, "child").is_null() || TextOf(MemberOf(node, "child"), "class") == "CAST")
      return {};
    std::optional<Literal> inner = LiteralOf(MemberOf(node, "child"), parameters);
    if (inner) inner->is_date = type == "DATE";
    return inner;
  }
  if (kind == "PARAMETER") {
    const std::string number = TextOf(node, "identifier");
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), index);
    if (error != std::errc() || end != number.data() + number.size()) return {};
    if (index < 1 || index > parameters.size() || !parameters[index - 1]) return {};
    return Literal{*parameters[index - 1]};
  }
  const Json& value = MemberOf(node, "value");
  const std::string type = TextOf(MemberOf(value, "type"), "id");
  const Json& content = MemberOf(value, "value");
  if (kind != "CONSTANT" || content.is_null()) return {};
  if (type == "VARCHAR" && content.is_string()) return Literal{content.get<std::string>()};
  const bool whole = type == "INTEGER" || type == "BIGINT";
  if (whole && content.is_number_integer()) return Literal{content.dump()};
  return {};
}

std::optional<BoundKind> KindOf(const std::string& comparison) {
  if (comparison == "COMPARE_EQUAL") return BoundKind::kEqual;
  if (comparison == "COMPARE_LESSTHAN") return BoundKind::kLess;
  if (comparison == "COMPARE_LESSTHANOREQUALTO") return BoundKind::kLessOrEqual;
  if (comparison == "COMPARE_GREATERTHAN") return BoundKind::kGreater;
  if (comparison == "COMPARE_GREATERTHANOREQUALTO") return BoundKind::kGreaterOrEqual;
  return {};
}

BoundKind Turned(BoundKind kind) {
  switch (kind) {
    case BoundKind::kLess: return BoundKind::kGreater;
    case BoundKind::kLessOrEqual: return BoundKind::kGreaterOrEqual;
    case BoundKind::kGreater: return BoundKind::kLess;
    case BoundKind::kGreaterOrEqual: return BoundKind::kLessOrEqual;
    case BoundKind::kEqual: break;
  }
  return kind;
}

class Reader {
 public:
  explicit Reader(const std::vector<Cell>& parameters) : parameters_(parameters) {}

  void Walk(const Json& node) {
    if (TextOf(node, "type") == "BASE_TABLE") ++named_[NameOf(node)];
    if (TextOf(node, "type") == "SELECT_NODE") ReadSelect(node);
    for (const auto& item : node.items()) {
      if (item.value().is_structured()) Walk(item.value());
    }
  }

  std::vector<FoundTable> Found() const {
    std::vector<FoundTable> tables;
    for (const auto& [name, times] : named_) {
      FoundTable& table = tables.emplace_back(FoundTable{name, {}});
      // Seen twice, each place would need its own files.
      if (times > 1) continue;
      for (const FoundTable& found : found_) {
        if (found.name == name) table.bounds = found.bounds;
      }
    }
    return tables;
  }

 private:
  static std::vector<std::string> NameOf(const Json& table) {
    std::vector<std::string> name;
    for (const char* part : {"catalog_name", "schema_name", "table_name"}) {
      if (std::string text = TextOf(table, part); !text.empty()) name.push_back(std::move(text));
    }
    return name;
  }

  static void Collect(const Json& from, bool may_prune, std::vector<BaseTable>* tables) {
    const std::string type = TextOf(from, "type");
    if (type == "BASE_TABLE") {
      const std::string alias = TextOf(from, "alias");
      const bool plain = MemberOf(from, "sample").is_null() &&
                         MemberOf(from, "at_clause").is_null() &&
                         MemberOf(from, "column_name_alias").empty();
      tables->push_back(
          {NameOf(from), alias.empty() ? TextOf(from, "table_name") : alias, may_prune && plain});
    } else if (type == "JOIN") {
      const std::string how = TextOf(from, "ref_type");
      const std::string join = TextOf(from, "join_type");
      const bool known = join == "INNER" || join == "LEFT" || join == "RIGHT" || join == "OUTER";
      const bool matched_by_value =
          known && (how == "REGULAR" || how == "CROSS" || how == "NATURAL");
      // The latest row before another one is another row once rows are left out.
      const bool left_of_asof = how == "ASOF" && (join == "INNER" || join == "LEFT");
      Collect(MemberOf(from, "left"), may_prune && (matched_by_value || left_of_asof), tables);
      Collect(MemberOf(from, "right"), may_prune && matched_by_value, tables);
    } else {
      // Something else that may have columns: a name without a table could be its.
      tables->push_back({{}, TextOf(from, "alias"), false});
    }
  }

  void ReadSelect(const Json& select) {
    std::vector<BaseTable> tables;
    Collect(MemberOf(select, "from_table"), true, &tables);
    std::vector<std::pair<std::string, FoundBound>> bounds;
    ReadCondition(MemberOf(select, "where_clause"), &bounds);
    for (const BaseTable& table : tables) {
      if (!table.may_prune || table.name.empty()) continue;
      FoundTable found{table.name, {}};
      for (const auto& [alias, bound] : bounds) {
        if (alias.empty() ? tables.size() == 1 : SameName(alias, table.alias)) {
          found.bounds.push_back(bound);
        }
      }
      if (!found.bounds.empty()) found_.push_back(std::move(found));
    }
  }

  static bool SameName(const std::string& a, const std::string& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
      return std::tolower(x) == std::tolower(y);
    });
  }

  void ReadCondition(const Json& node, std::vector<std::pair<std::string, FoundBound>>* bounds) {
    const std::string type = TextOf(node, "type");
    if (type == "CONJUNCTION_AND") {
      for (const Json& child : MemberOf(node, "children")) ReadCondition(child, bounds);
    } else if (type == "COMPARE_BETWEEN") {
      Add(MemberOf(node, "input"), BoundKind::kGreaterOrEqual, MemberOf(node, "lower"), bounds);
      Add(MemberOf(node, "input"), BoundKind::kLessOrEqual, MemberOf(node, "upper"), bounds);
    } else if (const std::optional<BoundKind> kind = KindOf(type)) {
      Add(MemberOf(node, "left"), *kind, MemberOf(node, "right"), bounds);
      Add(MemberOf(node, "right"), Turned(*kind), MemberOf(node, "left"), bounds);
    }
  }

  void Add(const Json& column, BoundKind kind, const Json& value,
           std::vector<std::pair<std::string, FoundBound>>* bounds) {
    const Json& names = MemberOf(column, "column_names");
    if (TextOf(column, "class") != "COLUMN_REF" || !names.is_array()) return;
    if (names.empty() || names.size() > 2 || !names[0].is_string()) return;
    const std::optional<Literal> literal = LiteralOf(value, parameters_);
    if (!literal) return;
    const std::string alias = names.size() == 2 ? names[0].get<std::string>() : std::string();
    const std::string name = names.back().get<std::string>();
    bounds->push_back({alias, {{name, kind, literal->text, std::nullopt}, literal->is_date}});
  }

  const std::vector<Cell>& parameters_;
  std::map<std::vector<std::string>, int> named_;
  std::vector<FoundTable> found_;
};

}  // namespace

std::vector<FoundTable> TablesOf(std::string_view tree_json, const std::vector<Cell>& parameters) {
  const Json tree = Json::parse(tree_json, nullptr, false);
  if (tree.is_discarded() || !tree.is_structured() || MemberOf(tree, "error") != Json(false))
    return {};
  Reader reader(parameters);
  reader.Walk(tree);
  return reader.Found();
}

std::vector<std::string> NameParts(std::string_view qualified) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (std::size_t i = 0; i < qualified.size(); ++i) {
    const char c = qualified[i];
    if (c == '"' && quoted && i + 1 < qualified.size() && qualified[i + 1] == '"') {
      parts.back() += c;
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      break;
    } else if (c == '.' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

}  // namespace tickhouse::sql
