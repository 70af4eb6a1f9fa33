// Whatever a server sends: no crash, and what is accepted keeps its promises.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tickhouse/core/check.h"
#include "tickhouse/io/s3/s3_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  namespace s3 = tickhouse::io::s3;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto page = s3::ParseListPage(text)) {
    for (const auto& object : page->objects) {
      TICKHOUSE_CHECK(!object.key.empty() && object.size >= 0, "objects have a name and a size");
    }
  }
  static_cast<void>(s3::ParseUploads(text));
  static_cast<void>(s3::ParseDeleteErrors(text));
  static_cast<void>(s3::ParseHttpDate(text));
  if (const auto field = s3::ParseField(text, "ETag")) {
    TICKHOUSE_CHECK(!field->empty(), "a field that is found is not empty");
  }
  tickhouse::io::HttpResponse response{404, {}, std::string(text)};
  TICKHOUSE_CHECK(!s3::ErrorOf(response, "object", {}).message.empty(), "failures say something");
  return 0;
}
