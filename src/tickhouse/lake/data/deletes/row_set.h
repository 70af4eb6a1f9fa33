// Which rows of one data file are meant: a bit a row.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace tickhouse::lake {

/// Rows [0, rows) and nothing beyond: never larger than the file asks, whatever a delete file
/// claims.
class RowSet {
 public:
  explicit RowSet(int64_t rows) : rows_(rows) {}

  int64_t rows() const { return rows_; }
  bool empty() const { return words_.empty(); }
  /// 0 <= row < rows().
  void Add(int64_t row) { WordOf(row) |= uint64_t{1} << (row % 64); }
  /// [begin, end), inside of [0, rows()).
  void AddRange(int64_t begin, int64_t end) {
    for (; begin < end && begin % 64 != 0; ++begin) Add(begin);
    for (; begin + 64 <= end; begin += 64) WordOf(begin) = ~uint64_t{};
    for (; begin < end; ++begin) Add(begin);
  }
  bool Contains(int64_t row) const {
    const auto word = static_cast<std::size_t>(row / 64);
    return word < words_.size() && ((words_[word] >> (row % 64)) & 1) != 0;
  }
  /// Adds those of a set of as many rows.
  void Merge(const RowSet& other) {
    words_.resize(std::max(words_.size(), other.words_.size()));
    for (std::size_t i = 0; i < other.words_.size(); ++i) words_[i] |= other.words_[i];
  }
  int64_t Count() const {
    int64_t count = 0;
    for (const uint64_t word : words_) count += std::popcount(word);
    return count;
  }

 private:
  uint64_t& WordOf(int64_t row) {
    const auto word = static_cast<std::size_t>(row / 64);
    if (word >= words_.size()) {
      const auto most = static_cast<std::size_t>((rows_ + 63) / 64);
      words_.resize(std::min(most, std::max(word + 1, words_.size() * 2)));
    }
    return words_[word];
  }
  int64_t rows_;
  std::vector<uint64_t> words_;
};

}  // namespace tickhouse::lake
