#include "tickhouse/io/parquet/encode/dictionary_column.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "tickhouse/io/parquet/encode/chunk_builder.h"
#include "tickhouse/io/parquet/format/bit_packing.h"
#include "tickhouse/io/parquet/format/page_writer.h"

namespace tickhouse::io {

namespace {

// Indices of one page at a time.
struct PageIndices {
  std::vector<uint32_t> indices = std::vector<uint32_t>(kPageRows + 32);
  std::vector<uint8_t> present = std::vector<uint8_t>(kPageRows);
  std::size_t values = 0;
  uint32_t least = 0, greatest = 0;

  void Fill(std::size_t row, std::size_t rows, const FillIndices& fill) {
    values = fill(row, rows, indices.data(), present.data());
    least = std::numeric_limits<uint32_t>::max();
    greatest = 0;
    for (std::size_t i = 0; i < values; ++i) {
      least = std::min(least, indices[i]);
      greatest = std::max(greatest, indices[i]);
    }
  }
};

// By the page in the middle: a page costs a thirtieth of a row group of bars.
bool BitsAreFewEnough(std::size_t rows, const FillIndices& fill, PageIndices* page) {
  if (rows == 0) return false;
  const std::size_t row = (rows - 1) / kPageRows / 2 * kPageRows;
  page->Fill(row, std::min(kPageRows, rows - row), fill);
  const std::size_t bytes = PackedBytes(page->values, WidthInBits(page->greatest));
  ByteBuffer body;
  AppendIndices(page->indices.data(), page->values, WidthInBytes(page->greatest), &body);
  return bytes * 4 <= ZstdBytes(body.bytes()) * 5;
}

}  // namespace

EncodedStats DoubleStats(double min, double max, int64_t nulls) {
  return {EncodedMin(min), EncodedMax(max), nulls};
}

EncodedColumn DictionaryColumn(std::span<const double> dictionary, std::size_t rows,
                               DictionaryForm form, const FillIndices& fill) {
  PageIndices page;
  const bool in_bits = form.quick && BitsAreFewEnough(rows, fill, &page);
  ChunkBuilder chunk(
      rows,
      {.encoding = PageEncoding::kRleDictionary, .zstd = !in_bits, .required = form.required});
  chunk.Dictionary({reinterpret_cast<const uint8_t*>(dictionary.data()), dictionary.size_bytes()},
                   dictionary.size());
  for (std::size_t row = 0; row < rows; row += kPageRows) {
    const std::size_t count = std::min(kPageRows, rows - row);
    page.Fill(row, count, fill);
    std::span<const uint8_t> levels;
    if (page.values < count) levels = {page.present.data(), count};
    EncodedStats stats;
    if (page.values > 0) stats = DoubleStats(dictionary[page.least], dictionary[page.greatest], 0);
    stats.nulls = static_cast<int64_t>(count - page.values);
    AppendIndices(page.indices.data(), page.values,
                  in_bits ? WidthInBits(page.greatest) : WidthInBytes(page.greatest),
                  chunk.StartPage(count, levels));
    chunk.FinishPage(count, std::move(stats));
  }
  EncodedColumn* column = chunk.column();
  if (!dictionary.empty()) {
    const int64_t nulls = column->stats.nulls;
    column->stats = DoubleStats(dictionary.front(), dictionary.back(), nulls);
  }
  return std::move(*column);
}

}  // namespace tickhouse::io
