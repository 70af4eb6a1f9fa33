#include <cstdint>
#include <string_view>

#include "tickhouse/core/check.h"
#include "tickhouse/lake/expression/predicate_parser.h"

// What is read prints to what reads the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace tickhouse::lake;
  const auto expression = ParseExpression({reinterpret_cast<const char*>(data), size});
  if (!expression) return 0;
  const auto again = ParseExpression(ToText(*expression));
  TICKHOUSE_CHECK(again && *again == *expression, "text and tree agree");
  return 0;
}
