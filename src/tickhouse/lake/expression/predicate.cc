#include "tickhouse/lake/expression/predicate.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "tickhouse/core/check.h"

namespace tickhouse::lake {

namespace {

constexpr std::array<std::string_view, 16> kKeywords = {
    "and",   "or",   "not",    "in",      "is",   "null",      "nan", "true",
    "false", "with", "starts", "between", "date", "timestamp", "inf", "infinity"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

Predicate Join(PredicateOp op, std::vector<Predicate> parts) {
  const bool is_and = op == PredicateOp::kAnd;
  const PredicateOp neutral = is_and ? PredicateOp::kTrue : PredicateOp::kFalse;
  Predicate joined{.op = op};
  for (Predicate& part : parts) {
    if (part.op == neutral) continue;
    if (part.op == Negated(neutral)) return Predicate{.op = part.op};
    if (part.op == op) {
      std::ranges::move(part.children, std::back_inserter(joined.children));
    } else {
      joined.children.push_back(std::move(part));
    }
  }
  if (joined.children.empty()) return Predicate{.op = neutral};
  if (joined.children.size() == 1) return Predicate(std::move(joined.children.front()));
  return joined;
}

void CollectFieldIds(const Predicate& predicate, std::set<int>* ids) {
  for (const Predicate& child : predicate.children) CollectFieldIds(child, ids);
  if (predicate.children.empty() && !predicate.IsTrue() && !predicate.IsFalse()) {
    ids->insert(predicate.column.field_id);
  }
}

bool IsWordChar(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || byte >= 0x80;
}

std::string Quoted(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted + quote;
}

std::string ColumnText(std::string_view name) {
  const bool plain = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                     name[0] != '.' &&
                     std::ranges::all_of(name, [](char c) { return IsWordChar(c) || c == '.'; });
  return plain && !IsFilterKeyword(name) ? std::string(name) : Quoted(name, '"');
}

// Signs within a number follow its exponent's letter; a day is no number.
bool IsNumber(std::string_view text) {
  const auto is_digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text[0])) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    const bool exponent = text[i - 1] == 'e' && (c == '-' || c == '+');
    if (!is_digit(c) && c != '.' && c != 'e' && !exponent) return false;
  }
  return true;
}

std::string LiteralText(std::string_view text) {
  return IsNumber(text) ? std::string(text) : Quoted(text, '\'');
}

std::string_view OpText(PredicateOp op) {
  switch (op) {
    case PredicateOp::kTrue: return "true";
    case PredicateOp::kFalse: return "false";
    case PredicateOp::kAnd: return " and ";
    case PredicateOp::kOr: return " or ";
    case PredicateOp::kNot: return "not ";
    case PredicateOp::kEqual: return " = ";
    case PredicateOp::kNotEqual: return " != ";
    case PredicateOp::kLess: return " < ";
    case PredicateOp::kLessEqual: return " <= ";
    case PredicateOp::kGreater: return " > ";
    case PredicateOp::kGreaterEqual: return " >= ";
    case PredicateOp::kIn: return " in ";
    case PredicateOp::kNotIn: return " not in ";
    case PredicateOp::kIsNull: return " is null";
    case PredicateOp::kNotNull: return " is not null";
    case PredicateOp::kIsNan: return " is nan";
    case PredicateOp::kNotNan: return " is not nan";
    case PredicateOp::kStartsWith: return " starts with ";
    case PredicateOp::kNotStartsWith: return " not starts with ";
  }
  return "";
}

std::string JoinedText(const Expression& expression) {
  std::string text;
  for (const Expression& child : expression.children) {
    if (!text.empty()) text += OpText(expression.op);
    const bool joined = child.op == PredicateOp::kAnd || child.op == PredicateOp::kOr;
    text += joined ? "(" + ToText(child) + ")" : ToText(child);
  }
  return text;
}

std::string LeafText(const Expression& leaf) {
  std::string text = ColumnText(leaf.column);
  text += OpText(leaf.op);
  const bool is_list = leaf.op == PredicateOp::kIn || leaf.op == PredicateOp::kNotIn;
  if (is_list) text += '(';
  for (std::size_t i = 0; i < leaf.literals.size(); ++i) {
    if (i > 0) text += ", ";
    text += LiteralText(leaf.literals[i]);
  }
  if (is_list) text += ')';
  return text;
}

Expression Written(const Predicate& predicate) {
  Expression written{.op = predicate.op, .column = predicate.column.name};
  for (const Value& literal : predicate.literals) {
    written.literals.push_back(ValueToText(predicate.column.type, literal));
  }
  for (const Predicate& child : predicate.children) written.children.push_back(Written(child));
  return written;
}

}  // namespace

bool Expression::operator==(const Expression& other) const {
  return op == other.op && column == other.column && literals == other.literals &&
         children == other.children;
}

PredicateOp Negated(PredicateOp op) {
  switch (op) {
    case PredicateOp::kTrue: return PredicateOp::kFalse;
    case PredicateOp::kFalse: return PredicateOp::kTrue;
    case PredicateOp::kAnd: return PredicateOp::kOr;
    case PredicateOp::kOr: return PredicateOp::kAnd;
    case PredicateOp::kNot: break;
    case PredicateOp::kEqual: return PredicateOp::kNotEqual;
    case PredicateOp::kNotEqual: return PredicateOp::kEqual;
    case PredicateOp::kLess: return PredicateOp::kGreaterEqual;
    case PredicateOp::kLessEqual: return PredicateOp::kGreater;
    case PredicateOp::kGreater: return PredicateOp::kLessEqual;
    case PredicateOp::kGreaterEqual: return PredicateOp::kLess;
    case PredicateOp::kIn: return PredicateOp::kNotIn;
    case PredicateOp::kNotIn: return PredicateOp::kIn;
    case PredicateOp::kIsNull: return PredicateOp::kNotNull;
    case PredicateOp::kNotNull: return PredicateOp::kIsNull;
    case PredicateOp::kIsNan: return PredicateOp::kNotNan;
    case PredicateOp::kNotNan: return PredicateOp::kIsNan;
    case PredicateOp::kStartsWith: return PredicateOp::kNotStartsWith;
    case PredicateOp::kNotStartsWith: return PredicateOp::kStartsWith;
  }
  TICKHOUSE_CHECK(false, "a negation is taken off, not negated");
  return op;
}

Predicate And(std::vector<Predicate> parts) {
  return Join(PredicateOp::kAnd, std::move(parts));
}

Predicate Or(std::vector<Predicate> parts) {
  return Join(PredicateOp::kOr, std::move(parts));
}

Predicate Negate(Predicate predicate) {
  predicate.op = Negated(predicate.op);
  for (Predicate& child : predicate.children) child = Negate(std::move(child));
  return predicate;
}

std::set<int> FieldIdsOf(const Predicate& predicate) {
  std::set<int> ids;
  CollectFieldIds(predicate, &ids);
  return ids;
}

bool IsFilterKeyword(std::string_view word) {
  return std::ranges::find(kKeywords, Lower(word)) != kKeywords.end();
}

std::string ToText(const Expression& expression) {
  switch (expression.op) {
    case PredicateOp::kTrue:
    case PredicateOp::kFalse: return std::string(OpText(expression.op));
    case PredicateOp::kAnd:
    case PredicateOp::kOr: return JoinedText(expression);
    case PredicateOp::kNot: return "not (" + ToText(expression.children.front()) + ")";
    default: return LeafText(expression);
  }
}

std::string ToText(const Predicate& predicate) {
  return ToText(Written(predicate));
}

}  // namespace tickhouse::lake
