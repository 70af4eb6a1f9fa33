#include "tickhouse/io/parquet/table/column_reader.h"

#include <algorithm>

#include "tickhouse/io/parquet/table/value_decoder.h"

namespace tickhouse::io {

Status ColumnReader::LoadDictionary() {
  if (has_dictionary_) {
    return pages_.FaultError(DecodeFault::Corrupt("a second dictionary page"));
  }
  if (page_.encoding != PageEncoding::kPlain && page_.encoding != PageEncoding::kPlainDictionary) {
    return pages_.FaultError(DecodeFault::Corrupt("its dictionary is not plain"));
  }
  const DecodeFault fault = DecodeColumnValues(*column_, PageEncoding::kPlain, page_.body,
                                               page_.rows, &scratch_, &dictionary_);
  if (!fault.ok()) return pages_.FaultError(fault);
  has_dictionary_ = true;
  dictionary_size_ = page_.rows;
  return {};
}

Status ColumnReader::DecodePage() {
  const bool by_index = page_.encoding == PageEncoding::kPlainDictionary ||
                        page_.encoding == PageEncoding::kRleDictionary;
  DecodeFault fault;
  if (!by_index) {
    fault = DecodeColumnValues(*column_, page_.encoding, page_.body, page_.values, &scratch_,
                               &decoded_);
  } else if (!has_dictionary_) {
    fault = DecodeFault::Corrupt("its dictionary is missing");
  } else {
    indices_.resize(page_.values);
    fault = DecodeIndices(page_.body, static_cast<uint32_t>(dictionary_size_), indices_);
    if (fault.ok()) fault = LookUp(dictionary_, indices_, &decoded_);
  }
  if (!fault.ok()) return pages_.FaultError(fault);
  if (!page_.present.empty()) SpreadOut(page_.present, &decoded_);
  return {};
}

Status ColumnReader::LoadPage() {
  taken_ = 0;
  page_.rows = 0;  // Should it fail, nothing is at hand.
  TICKHOUSE_TRY(pages_.Next(&page_));
  if (!page_.is_dictionary) return DecodePage();
  TICKHOUSE_TRY(LoadDictionary());
  page_.rows = 0;
  return {};
}

Status ColumnReader::Append(std::size_t rows, ColumnData* out) {
  while (rows > 0) {
    if (taken_ == page_.rows) {
      TICKHOUSE_TRY(LoadPage());
      continue;
    }
    const std::size_t count = std::min(rows, page_.rows - taken_);
    const std::size_t before = out->size();
    if (before == 0 && count == page_.rows) {
      std::swap(out->values, decoded_);  // A whole page is the batch, or its beginning.
    } else {
      AppendRows(decoded_, taken_, count, &out->values);
    }
    if (!page_.present.empty() || !out->valid.empty()) {
      out->valid.resize(before, 1);
      if (page_.present.empty()) {
        out->valid.resize(before + count, 1);
      } else {
        const auto from = page_.present.begin() + static_cast<std::ptrdiff_t>(taken_);
        out->valid.insert(out->valid.end(), from, from + static_cast<std::ptrdiff_t>(count));
      }
    }
    taken_ += count;
    rows -= count;
  }
  return {};
}

}  // namespace tickhouse::io
