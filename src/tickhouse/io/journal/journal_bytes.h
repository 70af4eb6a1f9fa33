// The bytes of a journal, taken apart and put together; docs/reference/formats-on-disk.md describes
// them. Internal to io/journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::io {

inline constexpr std::string_view kJournalMagic = "tickjrn1";  ///< Its end is the version.
inline constexpr int64_t kMaxJournalBytes = int64_t{1} << 31;

struct JournalBytes {
  std::vector<std::string> records;
  std::size_t good_bytes = 0;  ///< What follows is a torn tail.
};

/// kCorrupt: not a journal, or damage with good records after it. kUnsupported: another version.
/// `path` is for the text.
Result<JournalBytes> ReadJournalBytes(std::string_view file, const std::string& path);

/// The bytes of a record that is to lie at `offset`.
std::string EncodeJournalRecord(int64_t offset, std::string_view record);

/// kInvalidArgument beyond kMaxJournalRecord.
Status CheckJournalRecord(const std::string& path, std::string_view record);

}  // namespace tickhouse::io
