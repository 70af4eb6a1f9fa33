#include "tickhouse/lake/format/type.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tickhouse::lake {

namespace {

constexpr int kMaxPrecision = 38;

constexpr std::array<std::pair<TypeKind, std::string_view>, 14> kPlainNames = {{
    {TypeKind::kBoolean, "boolean"},
    {TypeKind::kInt, "int"},
    {TypeKind::kLong, "long"},
    {TypeKind::kFloat, "float"},
    {TypeKind::kDouble, "double"},
    {TypeKind::kDate, "date"},
    {TypeKind::kTime, "time"},
    {TypeKind::kTimestamp, "timestamp"},
    {TypeKind::kTimestampTz, "timestamptz"},
    {TypeKind::kTimestampNs, "timestamp_ns"},
    {TypeKind::kTimestampTzNs, "timestamptz_ns"},
    {TypeKind::kString, "string"},
    {TypeKind::kUuid, "uuid"},
    {TypeKind::kBinary, "binary"},
}};

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<int> WholeNumber(std::string_view text) {
  text = Trim(text);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The text between `open` and its closing character, when `text` is "word<open>...<close>".
std::optional<std::string_view> Inside(std::string_view text, std::string_view word, char open,
                                       char close) {
  if (!text.starts_with(word)) return std::nullopt;
  const std::string_view rest = Trim(text.substr(word.size()));
  if (rest.size() < 2 || rest.front() != open || rest.back() != close) return std::nullopt;
  return rest.substr(1, rest.size() - 2);
}

std::optional<Type> ParseDecimal(std::string_view text) {
  const auto inside = Inside(text, "decimal", '(', ')');
  if (!inside) return std::nullopt;
  const std::size_t comma = inside->find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto precision = WholeNumber(inside->substr(0, comma));
  const auto scale = WholeNumber(inside->substr(comma + 1));
  if (!precision || !scale || *precision < 1 || *precision > kMaxPrecision) return std::nullopt;
  if (*scale < 0 || *scale > *precision) return std::nullopt;
  return Type{.kind = TypeKind::kDecimal, .precision = *precision, .scale = *scale};
}

std::optional<Type> ParseFixed(std::string_view text) {
  const auto inside = Inside(text, "fixed", '[', ']');
  const auto length = inside ? WholeNumber(*inside) : std::nullopt;
  if (!length || *length < 1) return std::nullopt;
  return Type{.kind = TypeKind::kFixed, .length = *length};
}

bool IsOpaque(std::string_view text) {
  if (text == "unknown" || text == "variant" || text == "geometry" || text == "geography") {
    return true;
  }
  return Inside(text, "geometry", '(', ')') || Inside(text, "geography", '(', ')');
}

std::string StructToString(const Type& type) {
  std::string text = "struct<";
  for (const Field& field : type.fields) {
    if (text.back() != '<') text += ", ";
    text += fmt::format("{}: {}: {} {}", field.id, field.name,
                        field.required ? "required" : "optional", field.type.ToString());
  }
  return text + ">";
}

const Field* FindIn(const std::vector<Field>& fields, int field_id) {
  for (const Field& field : fields) {
    if (field.id == field_id) return &field;
    if (const Field* found = FindIn(field.type.fields, field_id)) return found;
  }
  return nullptr;
}

const Field* FindIn(const std::vector<Field>& fields, std::string_view path) {
  for (const Field& field : fields) {
    if (path == field.name) return &field;
    // A name may itself hold dots: try every field that the path begins with.
    if (path.size() > field.name.size() && path.starts_with(field.name) &&
        path[field.name.size()] == '.') {
      const Field* found = FindIn(field.type.fields, path.substr(field.name.size() + 1));
      if (found != nullptr) return found;
    }
  }
  return nullptr;
}

bool AppendPath(const std::vector<Field>& fields, int field_id, std::string* path) {
  const std::size_t size = path->size();
  for (const Field& field : fields) {
    if (size > 0) *path += '.';
    *path += field.name;
    if (field.id == field_id || AppendPath(field.type.fields, field_id, path)) return true;
    path->resize(size);
  }
  return false;
}

int MaxIdIn(const std::vector<Field>& fields) {
  int max = 0;
  for (const Field& field : fields) max = std::max({max, field.id, MaxIdIn(field.type.fields)});
  return max;
}

}  // namespace

std::string Type::ToString() const {
  switch (kind) {
    case TypeKind::kDecimal: return fmt::format("decimal({},{})", precision, scale);
    case TypeKind::kFixed: return fmt::format("fixed[{}]", length);
    case TypeKind::kOpaque: return name;
    case TypeKind::kStruct: return StructToString(*this);
    case TypeKind::kList:
      return fmt::format("list<{}>", fields.empty() ? "" : fields[0].type.ToString());
    case TypeKind::kMap:
      return fields.size() != 2
                 ? "map<>"
                 : fmt::format("map<{}, {}>", fields[0].type.ToString(), fields[1].type.ToString());
    default: break;
  }
  const auto* const found =
      std::ranges::find(kPlainNames, kind, &std::pair<TypeKind, std::string_view>::first);
  return std::string(found->second);
}

bool Type::operator==(const Type& other) const {
  return kind == other.kind && precision == other.precision && scale == other.scale &&
         length == other.length && name == other.name && fields == other.fields &&
         unknown_members == other.unknown_members;
}

bool Field::operator==(const Field& other) const {
  return id == other.id && name == other.name && required == other.required && type == other.type &&
         doc == other.doc && initial_default == other.initial_default &&
         write_default == other.write_default && unknown_members == other.unknown_members;
}

Result<Type> ParsePrimitiveType(std::string_view text) {
  for (const auto& [kind, name] : kPlainNames) {
    if (text == name) return Type{.kind = kind};
  }
  if (const auto decimal = ParseDecimal(text)) return *decimal;
  if (const auto fixed = ParseFixed(text)) return *fixed;
  if (IsOpaque(text)) return Type{.kind = TypeKind::kOpaque, .name = std::string(text)};
  return Fail(ErrorKind::kCorrupt, fmt::format("\"{}\" is no type of Iceberg", text));
}

const Field* Schema::FindById(int field_id) const {
  return FindIn(fields, field_id);
}

const Field* Schema::FindByName(std::string_view path) const {
  return FindIn(fields, path);
}

std::string Schema::PathOf(int field_id) const {
  std::string path;
  AppendPath(fields, field_id, &path);
  return path;
}

int Schema::MaxFieldId() const {
  return MaxIdIn(fields);
}

bool Schema::SameFields(const Schema& other) const {
  return fields == other.fields && identifier_field_ids == other.identifier_field_ids &&
         unknown_members == other.unknown_members;
}

bool CanPromote(const Type& from, const Type& to) {
  if (from == to) return true;
  switch (from.kind) {
    case TypeKind::kInt: return to.kind == TypeKind::kLong;
    case TypeKind::kFloat: return to.kind == TypeKind::kDouble;
    case TypeKind::kDecimal:
      return to.kind == TypeKind::kDecimal && to.scale == from.scale &&
             to.precision >= from.precision;
    case TypeKind::kDate:  // v3
      return to.kind == TypeKind::kTimestamp || to.kind == TypeKind::kTimestampNs;
    case TypeKind::kOpaque:  // v3: a column of nulls becomes any primitive.
      return from.name == "unknown" && to.IsPrimitive();
    default: return false;
  }
}

}  // namespace tickhouse::lake
