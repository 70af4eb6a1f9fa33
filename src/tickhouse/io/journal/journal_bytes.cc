#include "tickhouse/io/journal/journal_bytes.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "tickhouse/io/journal/journal.h"

namespace tickhouse::io {

namespace {

constexpr std::string_view kMarker = "\xA7REC";  // Where a record may begin.
constexpr std::size_t kFrame = 12;               // Marker, length, checksum.

void PutLittleEndian(uint64_t value, int bytes, std::string* out) {
  for (int i = 0; i < bytes; ++i) out->push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

uint32_t GetLittleEndian32(std::string_view bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The offset is in the checksum, so that a record is only good where it was written: a copy of a
// journal inside a record, or a block that landed elsewhere, does not pass.
uint32_t Checksum(int64_t offset, std::string_view record) {
  std::string place;
  PutLittleEndian(static_cast<uint64_t>(offset), 8, &place);
  PutLittleEndian(record.size(), 4, &place);
  const auto* place_bytes = reinterpret_cast<const Bytef*>(place.data());
  const auto* record_bytes = reinterpret_cast<const Bytef*>(record.data());
  const uLong sum = crc32_z(0, place_bytes, place.size());
  return static_cast<uint32_t>(crc32_z(sum, record_bytes, record.size()));
}

// The record that begins at `offset`, if a whole and undamaged one does.
std::optional<std::string_view> RecordAt(std::string_view file, std::size_t offset) {
  const std::string_view rest = file.substr(offset);
  if (rest.size() < kFrame || !rest.starts_with(kMarker)) return std::nullopt;
  const std::size_t length = GetLittleEndian32(rest.substr(4));
  if (length > kMaxJournalRecord || length > rest.size() - kFrame) return std::nullopt;
  const std::string_view record = rest.substr(kFrame, length);
  if (Checksum(static_cast<int64_t>(offset), record) != GetLittleEndian32(rest.substr(8))) {
    return std::nullopt;
  }
  return record;
}

// A file that a crash left before its first byte was whole: shorter than the header, or zeros.
bool IsUnborn(std::string_view file) {
  if (file.size() > kJournalMagic.size()) return false;
  return kJournalMagic.starts_with(file) || file.find_first_not_of('\0') == std::string_view::npos;
}

}  // namespace

std::string EncodeJournalRecord(int64_t offset, std::string_view record) {
  std::string bytes(kMarker);
  PutLittleEndian(record.size(), 4, &bytes);
  PutLittleEndian(Checksum(offset, record), 4, &bytes);
  bytes += record;
  return bytes;
}

Status CheckJournalRecord(const std::string& path, std::string_view record) {
  if (record.size() <= kMaxJournalRecord) return {};
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("{}: a record of {} bytes; at most {} are allowed", path, record.size(),
                          kMaxJournalRecord));
}

Result<JournalBytes> ReadJournalBytes(std::string_view file, const std::string& path) {
  JournalBytes scan;
  if (IsUnborn(file) && file != kJournalMagic) return scan;
  const std::string_view name = kJournalMagic.substr(0, kJournalMagic.size() - 1);
  if (!file.starts_with(name)) {
    return Fail(ErrorKind::kCorrupt, fmt::format("{}: not a journal of tickhouse", path));
  }
  if (!file.starts_with(kJournalMagic)) {
    return Fail(
        ErrorKind::kUnsupported,
        fmt::format("{}: a journal of another version; use the program that wrote it", path));
  }
  scan.good_bytes = kJournalMagic.size();
  while (const auto record = RecordAt(file, scan.good_bytes)) {
    scan.records.emplace_back(*record);
    scan.good_bytes += kFrame + record->size();
  }
  for (std::size_t at = file.find(kMarker, scan.good_bytes); at != std::string_view::npos;
       at = file.find(kMarker, at + 1)) {
    if (at == scan.good_bytes || !RecordAt(file, at)) continue;
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: the record at byte {} is damaged and good ones follow at byte {}; "
                            "restore the file or remove it to start over",
                            path, scan.good_bytes, at));
  }
  return scan;
}

}  // namespace tickhouse::io
