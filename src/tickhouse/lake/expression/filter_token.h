// Words of a filter's text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

enum class TokenKind {
  kEnd,
  kWord,     ///< A keyword or a plain name; `text` as written.
  kName,     ///< A quoted name, without its quotes.
  kText,     ///< A quoted literal, without its quotes.
  kLiteral,  ///< A bare number, day or instant.
  kSymbol,   ///< ( ) , = != < <= > >=, with == and <> told as = and !=.
};

struct FilterToken {
  TokenKind kind = TokenKind::kEnd;
  std::string text = {};
  std::size_t begin = 0;  ///< Byte in the filter.

  bool IsSymbol(std::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }
  /// `word` in lower case.
  bool IsWord(std::string_view word) const;
  /// As a message shows it.
  std::string Shown() const;
};

/// "filter, column 12: why".
std::unexpected<Error> FilterError(std::string_view filter, std::size_t byte, std::string_view why);

/// The token at or after `*position`, which moves behind it.
Result<FilterToken> NextToken(std::string_view filter, std::size_t* position);

}  // namespace tickhouse::lake
