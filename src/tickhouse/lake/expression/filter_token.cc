#include "tickhouse/lake/expression/filter_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace tickhouse::lake {

namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool StartsWord(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalpha(byte) != 0 || c == '_' || byte >= 0x80;
}
bool ContinuesWord(char c) {
  return StartsWord(c) || IsDigit(c) || c == '.';
}

bool StartsLiteral(std::string_view rest) {
  if (IsDigit(rest[0])) return true;
  if (rest[0] != '-' && rest[0] != '+' && rest[0] != '.') return false;
  return rest.size() > 1 && (IsDigit(rest[1]) || rest[1] == '.' || StartsWord(rest[1]));
}
bool ContinuesLiteral(char c) {
  return ContinuesWord(c) || c == ':' || c == '+' || c == '-';
}

Result<std::string> Unquote(std::string_view filter, std::size_t* position) {
  const std::size_t begin = *position;
  const char quote = filter[begin];
  std::string text;
  for (std::size_t i = begin + 1; i < filter.size(); ++i) {
    if (filter[i] != quote) {
      text += filter[i];
    } else if (i + 1 < filter.size() && filter[i + 1] == quote) {
      text += filter[i++];
    } else {
      *position = i + 1;
      return text;
    }
  }
  return FilterError(filter, begin, fmt::format("the {} opened here is never closed", quote));
}

Result<FilterToken> Symbol(std::string_view filter, std::size_t* position) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kSymbols = {{{"==", "="},
                                                                                       {"!=", "!="},
                                                                                       {"<>", "!="},
                                                                                       {"<=", "<="},
                                                                                       {">=", ">="},
                                                                                       {"=", "="},
                                                                                       {"<", "<"},
                                                                                       {">", ">"},
                                                                                       {"(", "("},
                                                                                       {")", ")"},
                                                                                       {",", ","}}};
  const std::string_view rest = filter.substr(*position);
  for (const auto& [written, meant] : kSymbols) {
    if (!rest.starts_with(written)) continue;
    FilterToken token{.kind = TokenKind::kSymbol, .text = std::string(meant), .begin = *position};
    *position += written.size();
    return token;
  }
  return FilterError(filter, *position, fmt::format("\"{}\" has no meaning here", rest[0]));
}

}  // namespace

bool FilterToken::IsWord(std::string_view word) const {
  return kind == TokenKind::kWord && std::ranges::equal(text, word, [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

std::string FilterToken::Shown() const {
  switch (kind) {
    case TokenKind::kEnd: return "the end";
    case TokenKind::kText: return "'" + text + "'";
    default: return "\"" + text + "\"";
  }
}

std::unexpected<Error> FilterError(std::string_view filter, std::size_t byte,
                                   std::string_view why) {
  const auto characters = std::ranges::count_if(filter.substr(0, byte), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  });
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("filter, column {}: {}", characters + 1, why));
}

Result<FilterToken> NextToken(std::string_view filter, std::size_t* position) {
  while (*position < filter.size() && IsSpace(filter[*position])) ++*position;
  FilterToken token{.begin = *position};
  if (*position == filter.size()) return token;
  const char first = filter[*position];
  if (first == '\'' || first == '"' || first == '`') {
    token.kind = first == '\'' ? TokenKind::kText : TokenKind::kName;
    TICKHOUSE_ASSIGN(token.text, Unquote(filter, position));
    return token;
  }
  const bool literal = StartsLiteral(filter.substr(*position));
  if (!literal && !StartsWord(first)) return Symbol(filter, position);
  token.kind = literal ? TokenKind::kLiteral : TokenKind::kWord;
  const auto continues = literal ? ContinuesLiteral : ContinuesWord;
  while (*position < filter.size() && (*position == token.begin || continues(filter[*position]))) {
    token.text += filter[(*position)++];
  }
  return token;
}

}  // namespace tickhouse::lake
