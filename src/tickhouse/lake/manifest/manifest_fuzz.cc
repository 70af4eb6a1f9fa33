// Any bytes as a manifest and as a manifest list: entries or an error, never a crash.
#include <cstdint>
#include <string>

#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/manifest/manifest_testing.h"

using namespace tickhouse;
using namespace tickhouse::lake;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TableMetadata table = TestTable();
  static const auto files = io::MakeMemoryFileSystem();
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (!files->WriteWhole("/fuzz.avro", bytes)) return 0;
  for (const int spec_id : {0, 1, 2}) {
    (void)ReadManifest(*files, {.path = "/fuzz.avro", .spec_id = spec_id}, table);
  }
  (void)ReadManifestList(*files, {.id = 1, .manifest_list = "/fuzz.avro"});
  (void)ReadManifestList(*files, {.id = 1, .manifests = {"/fuzz.avro"}});
  return 0;
}
