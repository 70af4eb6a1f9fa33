// The packed form, by liblzma.
#include <fmt/format.h>
#include <lzma.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "tickhouse/core/check.h"
#include "tickhouse/io/bi5/bi5.h"

namespace tickhouse::io {

namespace {

constexpr std::size_t kHeaderBytes = 13;
constexpr std::size_t kSizeOffset = 5;
constexpr std::size_t kRecordBytes = sizeof(Bi5Record);
constexpr uint64_t kUnknownSize = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kMaxUnpackedBytes = uint64_t{256} << 20;
constexpr uint64_t kMaxDictionaryBytes = uint64_t{64} << 20;
constexpr uint32_t kMsPerHour = 3'600'000;

// Byte order of the machine and of the file are mirror images; so one function goes both ways.
void SwapBytes(std::span<Bi5Record> records) {
  static_assert(std::endian::native == std::endian::little);
  for (Bi5Record& record : records) {
    uint32_t words[5];
    std::memcpy(words, &record, sizeof(words));
    for (uint32_t& word : words) word = __builtin_bswap32(word);
    std::memcpy(&record, words, sizeof(words));
  }
}

const char* WhatIsWrong(const Bi5Record& record) {
  if (record.ms >= kMsPerHour) return "its time lies beyond the hour";
  if (!std::isfinite(record.ask_volume) || !std::isfinite(record.bid_volume)) {
    return "a volume is no number";
  }
  return nullptr;
}

Status CheckRecords(std::span<const Bi5Record> records, ErrorKind kind) {
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (const char* wrong = WhatIsWrong(records[i])) {
      return Fail(kind, fmt::format("bi5 record {}: {} (ms {}, volumes {} and {})", i, wrong,
                                    records[i].ms, records[i].ask_volume, records[i].bid_volume));
    }
  }
  return {};
}

uint64_t LittleEndian(std::span<const std::byte> bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

}  // namespace

struct Bi5Decoder::State {
  lzma_stream stream = LZMA_STREAM_INIT;
  std::vector<Bi5Record> records;  ///< Never shrinks; liblzma writes straight into it.

  ~State() { lzma_end(&stream); }

  std::span<uint8_t> room() {
    return {reinterpret_cast<uint8_t*>(records.data()), records.size() * kRecordBytes};
  }
  Result<std::size_t> Unpack(std::span<const std::byte> bytes, uint64_t stated);
  Result<lzma_ret> Run();
};

Bi5Decoder::Bi5Decoder() : state_(std::make_unique<State>()) {}
Bi5Decoder::~Bi5Decoder() = default;
Bi5Decoder::Bi5Decoder(Bi5Decoder&&) noexcept = default;
Bi5Decoder& Bi5Decoder::operator=(Bi5Decoder&&) noexcept = default;

// Runs until the stream ends, fails, or has neither input nor anything left to say.
Result<lzma_ret> Bi5Decoder::State::Run() {
  while (true) {
    const lzma_ret status = lzma_code(&stream, LZMA_FINISH);
    if (status != LZMA_OK) return status;
    if (stream.avail_out > 0) continue;
    const std::size_t used = room().size();
    if (used >= kMaxUnpackedBytes) {
      return Fail(ErrorKind::kUnsupported, "bi5 stream unpacks to more than 256 MiB");
    }
    records.resize(records.size() * 2);
    stream.next_out = room().data() + used;
    stream.avail_out = room().size() - used;
  }
}

Result<std::size_t> Bi5Decoder::State::Unpack(std::span<const std::byte> bytes, uint64_t stated) {
  // The stated size is only believed as far as the input could bear it; what is missing grows.
  const uint64_t believable = std::max<uint64_t>(bytes.size() * 64, 65'536);
  const uint64_t wanted = std::min(stated, believable) / kRecordBytes + 1;
  if (records.size() < wanted) records.resize(wanted);
  const lzma_ret started = lzma_alone_decoder(&stream, kMaxDictionaryBytes + (1 << 20));
  TICKHOUSE_CHECK(started == LZMA_OK, "out of memory for the LZMA decoder");
  stream.next_in = reinterpret_cast<const uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  stream.next_out = room().data();
  stream.avail_out = room().size();
  TICKHOUSE_ASSIGN(const lzma_ret status, Run());
  const std::size_t unpacked = room().size() - stream.avail_out;
  const std::size_t record = unpacked / kRecordBytes;
  if (status == LZMA_STREAM_END && stream.avail_in == 0) return unpacked;
  if (status == LZMA_STREAM_END) {
    return Fail(ErrorKind::kCorrupt, fmt::format("bi5 stream of {} records is followed by {} "
                                                 "trailing bytes",
                                                 record, stream.avail_in));
  }
  if (status == LZMA_BUF_ERROR) {
    return Fail(
        ErrorKind::kCorrupt,
        fmt::format("bi5 stream is cut at byte {}, in record {}{}; fetch it again", bytes.size(),
                    record, stated == unpacked ? " (all records can be read)" : ""));
  }
  if (status == LZMA_MEMLIMIT_ERROR) {
    return Fail(ErrorKind::kUnsupported, "bi5 stream wants a dictionary beyond 64 MiB");
  }
  return Fail(ErrorKind::kCorrupt, fmt::format("bi5 stream is damaged at or before record {}; "
                                               "fetch it again",
                                               record));
}

Result<std::span<const Bi5Record>> Bi5Decoder::Decode(std::span<const std::byte> bytes) {
  if (bytes.empty()) return std::span<const Bi5Record>();
  if (bytes.size() < kHeaderBytes) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("bi5 header is cut: {} of 13 bytes", bytes.size()));
  }
  const uint64_t stated = LittleEndian(bytes.subspan(kSizeOffset, 8));
  if (stated != kUnknownSize && stated > kMaxUnpackedBytes) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("not a bi5 file: its header states {} unpacked bytes", stated));
  }
  TICKHOUSE_ASSIGN(const std::size_t unpacked, state_->Unpack(bytes, stated));
  const std::size_t count = unpacked / kRecordBytes;
  if (unpacked % kRecordBytes != 0) {
    return Fail(ErrorKind::kCorrupt, fmt::format("bi5 record {} is cut: {} of 20 bytes", count,
                                                 unpacked % kRecordBytes));
  }
  const std::span<Bi5Record> records(state_->records.data(), count);
  SwapBytes(records);
  TICKHOUSE_TRY(CheckRecords(records, ErrorKind::kCorrupt));
  return records;
}

Result<std::vector<Bi5Record>> DecodeBi5(std::span<const std::byte> bytes) {
  Bi5Decoder decoder;
  TICKHOUSE_ASSIGN(const std::span<const Bi5Record> records, decoder.Decode(bytes));
  return std::vector<Bi5Record>(records.begin(), records.end());
}

Result<std::string> EncodeBi5(std::span<const Bi5Record> records) {
  if (records.empty()) return std::string();
  TICKHOUSE_TRY(CheckRecords(records, ErrorKind::kInvalidArgument));
  std::vector<Bi5Record> stored(records.begin(), records.end());
  SwapBytes(stored);
  const uint64_t size = stored.size() * kRecordBytes;

  lzma_options_lzma options;
  TICKHOUSE_CHECK(!lzma_lzma_preset(&options, 6), "preset 6 exists");
  options.dict_size = 4 << 20;
  options.ext_flags = 0;  // No end marker: the header states the size.
  lzma_set_ext_size(options, size);
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA1EXT, &options}, {LZMA_VLI_UNKNOWN, nullptr}};

  std::string out(kHeaderBytes + size + size / 8 + 4096, '\0');
  out[0] = static_cast<char>((options.pb * 5 + options.lp) * 9 + options.lc);
  std::memcpy(out.data() + 1, &options.dict_size, 4);
  std::memcpy(out.data() + kSizeOffset, &size, 8);
  std::size_t used = kHeaderBytes;
  const lzma_ret status =
      lzma_raw_buffer_encode(filters, nullptr, reinterpret_cast<const uint8_t*>(stored.data()),
                             size, reinterpret_cast<uint8_t*>(out.data()), &used, out.size());
  TICKHOUSE_CHECK(status == LZMA_OK, "packing into a buffer that is large enough");
  out.resize(used);
  return out;
}

}  // namespace tickhouse::io
