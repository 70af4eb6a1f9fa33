// The packed form: unpacked by our own decoder, packed by liblzma.
#include <fmt/format.h>
#include <lzma.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "tickhouse/core/check.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/bi5/lzma_decoder.h"

namespace tickhouse::io {

namespace {

constexpr std::size_t kHeaderBytes = LzmaDecoder::kHeaderBytes;
constexpr std::size_t kSizeOffset = 5;
constexpr std::size_t kRecordBytes = sizeof(Bi5Record);
constexpr uint64_t kMaxUnpackedBytes = uint64_t{256} << 20;
constexpr uint32_t kMaxDictionaryBytes = uint32_t{64} << 20;
constexpr uint32_t kMsPerHour = 3'600'000;

float SwapBytes(float stored) {
  return std::bit_cast<float>(__builtin_bswap32(std::bit_cast<uint32_t>(stored)));
}

// Byte order of the machine and of the file are mirror images; so one function goes both ways.
void SwapBytes(std::span<Bi5Record> records) {
  static_assert(std::endian::native == std::endian::little);
  for (Bi5Record& record : records) {
    record.ms = __builtin_bswap32(record.ms);
    record.ask_points = __builtin_bswap32(record.ask_points);
    record.bid_points = __builtin_bswap32(record.bid_points);
    record.ask_volume = SwapBytes(record.ask_volume);
    record.bid_volume = SwapBytes(record.bid_volume);
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

}  // namespace

struct Bi5Decoder::State {
  LzmaDecoder lzma = LzmaDecoder({kMaxUnpackedBytes, kMaxDictionaryBytes});

  Result<std::span<Bi5Record>> Unpack(std::span<const std::byte> bytes);
};

Bi5Decoder::Bi5Decoder() : state_(std::make_unique<State>()) {}
Bi5Decoder::~Bi5Decoder() = default;
Bi5Decoder::Bi5Decoder(Bi5Decoder&&) noexcept = default;
Bi5Decoder& Bi5Decoder::operator=(Bi5Decoder&&) noexcept = default;

Result<std::span<Bi5Record>> Bi5Decoder::State::Unpack(std::span<const std::byte> bytes) {
  const LzmaEnd end = lzma.Unpack(bytes);
  const std::span<std::byte> unpacked = lzma.unpacked();
  const std::size_t record = unpacked.size() / kRecordBytes;
  switch (end) {
    case LzmaEnd::kComplete: break;
    case LzmaEnd::kCut: {
      const bool is_whole = LzmaDecoder::StatedSize(bytes) == unpacked.size();
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("bi5 stream is cut at byte {}, in record {}{}; fetch it again",
                              bytes.size(), record, is_whole ? " (all records can be read)" : ""));
    }
    case LzmaEnd::kDamaged:
      return Fail(ErrorKind::kCorrupt, fmt::format("bi5 stream is damaged at or before record {}; "
                                                   "fetch it again",
                                                   record));
    case LzmaEnd::kTooLarge:
      return Fail(ErrorKind::kUnsupported, "bi5 stream unpacks to more than 256 MiB");
    case LzmaEnd::kDictionary:
      return Fail(ErrorKind::kUnsupported, "bi5 stream wants a dictionary beyond 64 MiB");
  }
  if (lzma.trailing() > 0) {
    return Fail(ErrorKind::kCorrupt, fmt::format("bi5 stream of {} records is followed by {} "
                                                 "trailing bytes",
                                                 record, lzma.trailing()));
  }
  if (unpacked.size() % kRecordBytes != 0) {
    return Fail(ErrorKind::kCorrupt, fmt::format("bi5 record {} is cut: {} of 20 bytes", record,
                                                 unpacked.size() % kRecordBytes));
  }
  return std::span(reinterpret_cast<Bi5Record*>(unpacked.data()), record);
}

Result<std::span<const Bi5Record>> Bi5Decoder::Decode(std::span<const std::byte> bytes) {
  if (bytes.empty()) return std::span<const Bi5Record>();
  if (bytes.size() < kHeaderBytes) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("bi5 header is cut: {} of 13 bytes", bytes.size()));
  }
  const uint64_t stated = LzmaDecoder::StatedSize(bytes);
  if (stated != LzmaDecoder::kOpenSize && stated > kMaxUnpackedBytes) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("not a bi5 file: its header states {} unpacked bytes", stated));
  }
  TICKHOUSE_ASSIGN(const std::span<Bi5Record> records, state_->Unpack(bytes));
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
