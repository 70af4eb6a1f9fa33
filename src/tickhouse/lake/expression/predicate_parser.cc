#include "tickhouse/lake/expression/predicate_parser.h"

#include <fmt/format.h>

#include <utility>

#include "tickhouse/lake/expression/filter_token.h"

namespace tickhouse::lake {

namespace {

constexpr std::size_t kMaxFilterBytes = std::size_t{1} << 20;
constexpr int kMaxDepth = 200;

PredicateOp OpOfSymbol(std::string_view symbol) {
  if (symbol == "=") return PredicateOp::kEqual;
  if (symbol == "!=") return PredicateOp::kNotEqual;
  if (symbol == "<") return PredicateOp::kLess;
  if (symbol == "<=") return PredicateOp::kLessEqual;
  if (symbol == ">") return PredicateOp::kGreater;
  return PredicateOp::kGreaterEqual;
}

// 5 < x is x > 5.
PredicateOp Mirrored(PredicateOp op) {
  switch (op) {
    case PredicateOp::kLess: return PredicateOp::kGreater;
    case PredicateOp::kLessEqual: return PredicateOp::kGreaterEqual;
    case PredicateOp::kGreater: return PredicateOp::kLess;
    case PredicateOp::kGreaterEqual: return PredicateOp::kLessEqual;
    default: return op;
  }
}

bool IsComparison(const FilterToken& token) {
  return token.kind == TokenKind::kSymbol && token.text != "(" && token.text != ")" &&
         token.text != ",";
}

class Parser {
 public:
  explicit Parser(std::string_view filter) : filter_(filter) {}

  Result<Expression> Whole() {
    TICKHOUSE_TRY(Advance());
    if (token_.kind == TokenKind::kEnd) {
      return FilterError(filter_, 0,
                         "the filter is empty; expected a condition such as bid > 1.25");
    }
    TICKHOUSE_ASSIGN(Expression whole, Joined(PredicateOp::kOr));
    if (token_.kind != TokenKind::kEnd) return Expected("and, or or the end");
    return whole;
  }

 private:
  Status Advance() {
    TICKHOUSE_ASSIGN(token_, NextToken(filter_, &position_));
    return {};
  }
  std::unexpected<Error> Expected(std::string_view what) const {
    return FilterError(filter_, token_.begin,
                       fmt::format("expected {}, found {}", what, token_.Shown()));
  }

  /// Takes the word if it is there.
  Result<bool> Take(std::string_view word) {
    if (!token_.IsWord(word)) return false;
    TICKHOUSE_TRY(Advance());
    return true;
  }
  Status Want(std::string_view word) {
    TICKHOUSE_ASSIGN(const bool taken, Take(word));
    if (!taken) return Expected(word);
    return {};
  }
  Status WantSymbol(std::string_view symbol) {
    if (!token_.IsSymbol(symbol)) return Expected(symbol);
    return Advance();
  }

  /// Terms joined by `or`, or by `and`.
  Result<Expression> Joined(PredicateOp op) {
    const bool is_or = op == PredicateOp::kOr;
    Expression joined{.op = op};
    for (;;) {
      TICKHOUSE_ASSIGN(Expression term, is_or ? Joined(PredicateOp::kAnd) : Negation());
      joined.children.push_back(std::move(term));
      TICKHOUSE_ASSIGN(const bool more, Take(is_or ? "or" : "and"));
      if (!more) break;
    }
    if (joined.children.size() == 1) return Expression(std::move(joined.children.front()));
    return joined;
  }

  Result<Expression> Negation() {
    TICKHOUSE_ASSIGN(const bool negated, Take("not"));
    if (!negated) return Primary();
    if (++depth_ > kMaxDepth) return TooDeep();
    TICKHOUSE_ASSIGN(Expression term, Negation());
    --depth_;
    Expression negation{.op = PredicateOp::kNot};
    negation.children.push_back(std::move(term));
    return negation;
  }

  Result<Expression> Primary() {
    if (token_.IsSymbol("(")) {
      if (++depth_ > kMaxDepth) return TooDeep();
      TICKHOUSE_TRY(Advance());
      TICKHOUSE_ASSIGN(Expression inner, Joined(PredicateOp::kOr));
      --depth_;
      TICKHOUSE_TRY(WantSymbol(")"));
      return inner;
    }
    if (token_.kind == TokenKind::kText || token_.kind == TokenKind::kLiteral) return Flipped();
    for (const bool value : {true, false}) {
      TICKHOUSE_ASSIGN(const bool taken, Take(value ? "true" : "false"));
      if (taken) return Expression{.op = value ? PredicateOp::kTrue : PredicateOp::kFalse};
    }
    TICKHOUSE_ASSIGN(std::string column, Column());
    return Condition(std::move(column));
  }

  Result<Expression> Flipped() {
    TICKHOUSE_ASSIGN(std::string literal, Literal());
    if (!IsComparison(token_)) return Expected("a comparison after the value");
    const PredicateOp op = Mirrored(OpOfSymbol(token_.text));
    TICKHOUSE_TRY(Advance());
    TICKHOUSE_ASSIGN(std::string column, Column());
    return Leaf(op, std::move(column), {std::move(literal)});
  }

  Result<std::string> Column() {
    const bool word = token_.kind == TokenKind::kWord && !IsFilterKeyword(token_.text);
    if (!word && token_.kind != TokenKind::kName) return Expected("a column");
    std::string name = std::move(token_.text);
    TICKHOUSE_TRY(Advance());
    return name;
  }

  Result<std::string> Literal() {
    for (const std::string_view type : {"date", "timestamp"}) {
      TICKHOUSE_ASSIGN(const bool taken, Take(type));
      if (taken && token_.kind != TokenKind::kText) return Expected("a text in single quotes");
    }
    if (token_.IsWord("null")) return Expected("a value (for null write: is null)");
    bool is_literal = token_.kind == TokenKind::kText || token_.kind == TokenKind::kLiteral;
    for (const std::string_view word : {"true", "false", "nan", "inf", "infinity"}) {
      is_literal = is_literal || token_.IsWord(word);
    }
    if (!is_literal) {
      return Expected(token_.kind == TokenKind::kWord ? "a value (a text stands in 'single quotes')"
                                                      : "a value");
    }
    std::string text = std::move(token_.text);
    TICKHOUSE_TRY(Advance());
    return text;
  }

  /// What follows a column.
  Result<Expression> Condition(std::string column) {
    if (IsComparison(token_)) {
      const PredicateOp op = OpOfSymbol(token_.text);
      TICKHOUSE_TRY(Advance());
      TICKHOUSE_ASSIGN(std::string literal, Literal());
      return Leaf(op, std::move(column), {std::move(literal)});
    }
    TICKHOUSE_ASSIGN(const bool is, Take("is"));
    if (is) return IsCondition(std::move(column));
    TICKHOUSE_ASSIGN(const bool negated, Take("not"));
    TICKHOUSE_ASSIGN(const bool in, Take("in"));
    if (in) return InList(std::move(column), negated);
    TICKHOUSE_ASSIGN(const bool starts, Take("starts"));
    if (starts) {
      TICKHOUSE_TRY(Want("with"));
      TICKHOUSE_ASSIGN(std::string prefix, Literal());
      return Leaf(negated ? PredicateOp::kNotStartsWith : PredicateOp::kStartsWith,
                  std::move(column), {std::move(prefix)});
    }
    TICKHOUSE_ASSIGN(const bool between, Take("between"));
    if (between) return Between(std::move(column), negated);
    if (negated) return Expected("in, between or starts with after not");
    return Expected(fmt::format(
        "a comparison after {} (=, !=, <, <=, >, >=, in, is, between, starts with)", column));
  }

  Result<Expression> IsCondition(std::string column) {
    TICKHOUSE_ASSIGN(const bool negated, Take("not"));
    TICKHOUSE_ASSIGN(const bool null, Take("null"));
    if (null) {
      return Leaf(negated ? PredicateOp::kNotNull : PredicateOp::kIsNull, std::move(column), {});
    }
    TICKHOUSE_ASSIGN(const bool nan, Take("nan"));
    if (!nan) return Expected("null or nan");
    return Leaf(negated ? PredicateOp::kNotNan : PredicateOp::kIsNan, std::move(column), {});
  }

  Result<Expression> InList(std::string column, bool negated) {
    TICKHOUSE_TRY(WantSymbol("("));
    Expression list{.op = negated ? PredicateOp::kNotIn : PredicateOp::kIn,
                    .column = std::move(column)};
    while (!token_.IsSymbol(")") || !list.literals.empty()) {
      TICKHOUSE_ASSIGN(std::string literal, Literal());
      list.literals.push_back(std::move(literal));
      if (!token_.IsSymbol(",")) break;
      TICKHOUSE_TRY(Advance());
    }
    if (!token_.IsSymbol(")")) return Expected(", or )");
    TICKHOUSE_TRY(Advance());
    return list;
  }

  Result<Expression> Between(std::string column, bool negated) {
    TICKHOUSE_ASSIGN(std::string low, Literal());
    TICKHOUSE_TRY(Want("and"));
    TICKHOUSE_ASSIGN(std::string high, Literal());
    Expression both{.op = PredicateOp::kAnd};
    both.children.push_back(Leaf(PredicateOp::kGreaterEqual, column, {std::move(low)}));
    both.children.push_back(Leaf(PredicateOp::kLessEqual, std::move(column), {std::move(high)}));
    if (!negated) return both;
    Expression negation{.op = PredicateOp::kNot};
    negation.children.push_back(std::move(both));
    return negation;
  }

  static Expression Leaf(PredicateOp op, std::string column, std::vector<std::string> literals) {
    return {.op = op, .column = std::move(column), .literals = std::move(literals)};
  }
  std::unexpected<Error> TooDeep() const {
    return FilterError(filter_, token_.begin,
                       fmt::format("nested deeper than {} levels", kMaxDepth));
  }

  std::string_view filter_;
  std::size_t position_ = 0;
  FilterToken token_;
  int depth_ = 0;
};

}  // namespace

Result<Expression> ParseExpression(std::string_view text) {
  if (text.size() > kMaxFilterBytes) {
    return FilterError(text, 0, fmt::format("{} bytes; at most {}", text.size(), kMaxFilterBytes));
  }
  return Parser(text).Whole();
}

}  // namespace tickhouse::lake
