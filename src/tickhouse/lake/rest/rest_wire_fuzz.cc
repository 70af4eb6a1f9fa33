// Any bytes at all as bodies of requests and answers, and as a request to our server.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tickhouse/core/check.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/rest/rest_service.h"
#include "tickhouse/lake/rest/rest_wire.h"

namespace tickhouse::lake {
namespace {

void TryServer(const std::string& text) {
  ManualClock clock{FromNanos(0)};
  const auto files = io::MakeMemoryFileSystem();
  const auto catalog = MakeMemoryCatalog({.name = "fuzz",
                                          .warehouse = "/lake",
                                          .files = files.get(),
                                          .clock = &clock,
                                          .random = Random(1)});
  (void)catalog->CreateNamespace({"a"}, {});
  RestService service({.catalog = catalog.get(), .files = files.get(), .clock = &clock});
  for (const char* target :
       {"/v1/namespaces", "/v1/namespaces/a/tables", "/v1/namespaces/a/tables/t",
        "/v1/tables/rename", "/v1/transactions/commit", "/v1/namespaces/a/register"}) {
    const auto answer = service.Handle({.method = "POST", .target = target, .body = text});
    TICKHOUSE_CHECK(answer.status >= 200 && answer.status < 600, "an answer has a status");
  }
  const std::string target = "/" + text.substr(0, text.find('\n'));
  (void)service.Handle({.method = "GET", .target = target});
}

}  // namespace
}  // namespace tickhouse::lake

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  tickhouse::lake::TryServer(text);
  (void)tickhouse::lake::ParseCatalogConfig(text);
  (void)tickhouse::lake::ParseTokenAnswer(text);
  (void)tickhouse::lake::ParseNamespacePage(text);
  (void)tickhouse::lake::ParseTablePage(text);
  (void)tickhouse::lake::ParseLoadedTable({{"a"}, "t"}, text);
  return 0;
}
