// Matchers for `Result` and `Status`, so that tests read like sentences. Tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tickhouse/core/error.h"

namespace tickhouse {

MATCHER(IsOk, "is ok") {
  if (arg.has_value()) return true;
  *result_listener << arg.error().ToString();
  return false;
}

MATCHER_P(IsError, kind, std::string("fails with ") + std::string(ErrorKindName(kind))) {
  if (arg.has_value()) {
    *result_listener << "it succeeded";
    return false;
  }
  *result_listener << arg.error().ToString();
  return arg.error().kind == kind;
}

MATCHER_P(HasErrorMessage, part, std::string("fails with a message containing \"") + part + "\"") {
  if (arg.has_value()) {
    *result_listener << "it succeeded";
    return false;
  }
  *result_listener << arg.error().ToString();
  return arg.error().message.find(part) != std::string::npos;
}

}  // namespace tickhouse

#define ASSERT_OK(expression) ASSERT_THAT((expression), ::tickhouse::IsOk())
#define EXPECT_OK(expression) EXPECT_THAT((expression), ::tickhouse::IsOk())

/// `ASSERT_OK_AND_ASSIGN(auto batch, reader.Next());`
#define ASSERT_OK_AND_ASSIGN(target, expression) \
  ASSERT_OK_AND_ASSIGN_INNER(TICKHOUSE_CONCAT(tickhouse_test_, __LINE__), target, expression)
#define ASSERT_OK_AND_ASSIGN_INNER(result, target, expression) \
  auto result = (expression);                                  \
  ASSERT_THAT(result, ::tickhouse::IsOk());                    \
  target = std::move(*result)
