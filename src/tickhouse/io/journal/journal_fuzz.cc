// Any bytes at all under a journal's name: opening refuses or repairs, and what is appended
// afterwards is read back together with what was found.
#include <cstddef>
#include <cstdint>

#include "tickhouse/core/check.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/journal/journal.h"

namespace tickhouse::io {
namespace {

void TryBytes(std::string_view bytes) {
  const auto fs = MakeMemoryFileSystem();
  TICKHOUSE_CHECK(fs->WriteWhole("journal", bytes).has_value(), "memory takes any file");
  std::vector<std::string> found;
  {
    const auto journal = Journal::Open(*fs, "journal");
    if (!journal) {
      TICKHOUSE_CHECK(*fs->ReadWhole("journal") == bytes, "a refused file stays as it was");
      return;
    }
    found = (*journal)->records();
    TICKHOUSE_CHECK((*journal)->Append("new").has_value(), "a repaired journal takes records");
  }
  found.emplace_back("new");
  const auto again = Journal::Open(*fs, "journal");
  TICKHOUSE_CHECK(again.has_value() && (*again)->records() == found, "nothing is lost or invented");
  TICKHOUSE_CHECK((*again)->dropped_bytes() == 0, "a repaired journal is whole");
}

// The same bytes as a record's content after a good header, so that the fuzzer gets past the
// checksum.
void TryRecord(std::string_view bytes) {
  const auto fs = MakeMemoryFileSystem();
  {
    const auto journal = Journal::Open(*fs, "journal");
    TICKHOUSE_CHECK(journal && (*journal)->Append(bytes).has_value(), "a record is any bytes");
  }
  const auto records = ReadJournal(*fs, "journal");
  TICKHOUSE_CHECK(records && records->size() == 1 && records->front() == bytes,
                  "as it was written");
  const std::string whole = *fs->ReadWhole("journal");
  TryBytes(std::string_view(whole).substr(0, whole.size() - (bytes.empty() ? 0 : 1)));
  TryBytes(whole + std::string(bytes));
}

}  // namespace
}  // namespace tickhouse::io

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  tickhouse::io::TryBytes(bytes);
  tickhouse::io::TryRecord(bytes);
  return 0;
}
