// Any bytes as a Parquet file of flat columns: read or refused, never a crash, in bounded memory.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tickhouse/io/parquet/table/table_reader.h"
#include "tickhouse/io/parquet/table/test_bytes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using tickhouse::io::TextFile;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto footer = tickhouse::io::ReadParquetFooter(TextFile(bytes));
  if (!footer) return 0;
  tickhouse::io::TableReadOptions options = {.batch_rows = 1000, .verify_checksums = false};
  options.columns.emplace();
  for (std::size_t i = 0; i < footer->columns.size(); ++i) {
    if (footer->columns[i].flat) options.columns->push_back(i);
  }
  if (options.columns->empty()) return 0;
  auto reader = tickhouse::io::ParquetTableReader::Open(std::make_unique<TextFile>(bytes), options);
  if (!reader) return 0;
  tickhouse::io::ColumnBatch batch;
  for (int i = 0; i < 20; ++i) {
    const auto more = (*reader)->Next(&batch);
    if (!more || !*more) return 0;
  }
  return 0;
}
