// The pages of one column chunk: read in stretches, checked, decompressed, their levels taken off.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/format/byte_buffer.h"
#include "tickhouse/io/parquet/format/page_decoder.h"
#include "tickhouse/io/parquet/format/parquet_footer.h"

namespace tickhouse::io {

struct RawPage {
  bool is_dictionary = false;
  PageEncoding encoding = PageEncoding::kPlain;
  std::size_t rows = 0;               ///< Of a dictionary: its values.
  std::size_t values = 0;             ///< Rows that are not null.
  std::vector<uint8_t> present = {};  ///< One byte a row; empty: no row is null.
  std::span<const uint8_t> body = {};
};

/// What it is constructed from must outlive it. One thread.
class PageSource {
 public:
  struct Source {
    const ReadableFile* file = nullptr;
    const FooterColumn* column = nullptr;
    const FooterChunk* chunk = nullptr;
    int64_t rows = 0;
    std::size_t row_group = 0;  ///< For messages.
    bool verify_checksums = false;
    int64_t read_ahead = int64_t{1} << 20;
  };
  explicit PageSource(const Source& source) : source_(source), position_(source.chunk->begin) {}

  /// The next dictionary or data page; its body lies here until the next call. kCorrupt where the
  /// chunk ends before its rows do.
  Status Next(RawPage* page);

  // The same in two steps, for who leaves pages out.
  /// The header of the next page, of any kind; what comes next is the page behind it.
  Status NextHeader(PageHeader* header);
  /// The page of the header that was read last.
  Status Load(const PageHeader& header, RawPage* page);
  /// What comes next lies at `offset` of the file and begins with `row`.
  void SeekTo(int64_t offset, int64_t row) {
    position_ = offset;
    next_row_ = row;
  }
  /// First row of the next data page.
  int64_t next_row() const { return next_row_; }

  /// Names file, row group, column and the row at which the page begins.
  std::unexpected<Error> FaultError(const DecodeFault& fault) const;
  std::unexpected<Error> Corrupt(std::string_view why) const;

 private:
  Status Fetch(int64_t offset, int64_t bytes, std::span<const uint8_t>* out);
  Status ParseHeader(PageHeader* header);
  Status Unpack(const PageHeader& header, std::span<const uint8_t> stored, RawPage* page);
  Status TakeLevels(const PageHeader& header, std::span<const uint8_t> levels, RawPage* page);
  int64_t end() const { return source_.chunk->begin + source_.chunk->bytes; }

  Source source_;
  int64_t position_;
  int64_t next_row_ = 0;
  int64_t page_row_ = 0;
  std::vector<std::byte> slab_;
  int64_t slab_begin_ = 0;
  ByteBuffer uncompressed_;
};

}  // namespace tickhouse::io
