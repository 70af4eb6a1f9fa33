#include "tickhouse/io/parquet/format/page_decoder.h"

#include <arrow/util/compression.h>
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>

#include "tickhouse/core/time.h"
#include "tickhouse/io/parquet/format/bit_packing.h"
#include "tickhouse/io/parquet/format/byte_reader.h"
#include "tickhouse/io/parquet/format/delta_packing.h"

namespace tickhouse::io {

namespace {

constexpr int32_t kCodecZstd = 6;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

bool DecompressZstd(std::span<const uint8_t> stored, uint8_t* out, std::size_t bytes) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) return false;
  return ZSTD_decompressDCtx(context.get(), out, bytes, stored.data(), stored.size()) == bytes;
}

bool ArrowCodec(int32_t codec, arrow::Compression::type* type) {
  switch (codec) {
    case 1: *type = arrow::Compression::SNAPPY; return true;
    case 2: *type = arrow::Compression::GZIP; return true;
    case 4: *type = arrow::Compression::BROTLI; return true;
    case 5: *type = arrow::Compression::LZ4_HADOOP; return true;
    case 7: *type = arrow::Compression::LZ4; return true;
    default: return false;
  }
}

DecodeFault DecompressByArrow(int32_t codec, std::span<const uint8_t> stored, uint8_t* out,
                              std::size_t bytes) {
  arrow::Compression::type type;
  if (!ArrowCodec(codec, &type)) {
    return DecodeFault::Unsupported(fmt::format("compression codec {} is not known", codec));
  }
  thread_local std::array<std::unique_ptr<arrow::util::Codec>, 8> codecs;
  auto& made = codecs[static_cast<std::size_t>(codec)];
  if (made == nullptr) {
    auto created = arrow::util::Codec::Create(type);
    if (!created.ok()) return DecodeFault::Unsupported(created.status().message());
    made = std::move(created).ValueUnsafe();
  }
  const auto size = made->Decompress(static_cast<int64_t>(stored.size()), stored.data(),
                                     static_cast<int64_t>(bytes), out);
  if (!size.ok()) return DecodeFault::Corrupt("it does not decompress: " + size.status().message());
  if (*size != static_cast<int64_t>(bytes)) {
    return DecodeFault::Corrupt(fmt::format("it decompresses to {} bytes, not {}", *size, bytes));
  }
  return {};
}

// Walks runs of the RLE/bit-packed hybrid: `repeat(value, count)` and `packed(bytes, count)`.
template <typename Repeat, typename Packed>
DecodeFault WalkRuns(ByteReader* in, int width, std::size_t count, Repeat repeat, Packed packed) {
  const std::size_t value_bytes = static_cast<std::size_t>(width + 7) / 8;
  while (count > 0) {
    uint64_t head = 0;
    if (!in->ReadVarint(&head)) return DecodeFault::Corrupt("its runs end too early");
    if ((head & 1) == 0) {
      const std::size_t run = static_cast<std::size_t>(std::min<uint64_t>(head >> 1, count));
      uint32_t value = 0;
      if (run == 0 || !in->ReadBytes(&value, value_bytes)) {
        return DecodeFault::Corrupt("a run in it is malformed");
      }
      repeat(value, run);
      count -= run;
      continue;
    }
    const uint64_t groups = head >> 1;
    const std::size_t run = static_cast<std::size_t>(
        groups > count / 8 ? count : std::min<uint64_t>(groups * 8, count));
    // Some writers leave out the padding of the last group.
    const std::size_t bytes = std::min(PackedBytes((run + 7) / 8 * 8, width), in->left());
    if (run == 0 || bytes < PackedBytes(run, width)) {
      return DecodeFault::Corrupt("a packed run in it is cut");
    }
    packed(std::span<const uint8_t>(in->Take(bytes), bytes), run);
    count -= run;
  }
  return {};
}

void UnpackRun(std::span<const uint8_t> packed, int width, std::span<uint32_t> out) {
  const std::size_t step = 4 * static_cast<std::size_t>(width);
  std::size_t i = 0;
  const uint8_t* at = packed.data();
  const uint8_t* end = at + packed.size();
  for (; i + 32 <= out.size() && static_cast<std::size_t>(end - at) >= step; i += 32, at += step) {
    Unpack32(at, width, out.data() + i);
  }
  const auto rest = static_cast<std::size_t>(end - at);
  for (std::size_t j = 0; i + j < out.size(); ++j) out[i + j] = PackedValueAt(at, rest, width, j);
}

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// unscaled / 10^scale, correctly rounded.
double DecimalToDouble(__int128 unscaled, int scale) {
  constexpr __int128 kExact = __int128{1} << 53;
  if (unscaled > -kExact && unscaled < kExact && scale >= 0 && scale <= 22) {
    return static_cast<double>(unscaled) / kPowersOfTen[static_cast<std::size_t>(scale)];
  }
  const std::string text = fmt::format("{}e{}", unscaled, -scale);
  double value = std::numeric_limits<double>::quiet_NaN();
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

template <typename T>
T Load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

// Big-endian two's complement of up to 16 bytes.
__int128 LoadBigEndian(const uint8_t* at, std::size_t width) {
  auto value = static_cast<unsigned __int128>((at[0] & 0x80) != 0 ? -1 : 0);
  for (std::size_t i = 0; i < width; ++i) value = (value << 8) | at[i];
  return static_cast<__int128>(value);
}

// Spark's and Impala's legacy time: nanoseconds of the day and a Julian day number.
bool Int96ToNanos(const uint8_t* at, int64_t* ns) {
  constexpr int64_t kJulianOf1970 = 2'440'588;
  const auto of_day = Load<int64_t>(at);
  const int64_t day = static_cast<int64_t>(Load<uint32_t>(at + 8)) - kJulianOf1970;
  int64_t day_ns = 0;
  return !__builtin_mul_overflow(day, kNanosPerDay, &day_ns) &&
         !__builtin_add_overflow(day_ns, of_day, ns);
}

DecodeFault TimeOutOfRange() {
  return DecodeFault::Unsupported(
      "a time lies outside the years 1678 to 2262 that nanoseconds can hold");
}

}  // namespace

DecodeFault DecompressPage(int32_t codec, std::span<const uint8_t> stored, std::size_t body_bytes,
                           ByteBuffer* out) {
  out->Clear();
  uint8_t* to = out->Extend(std::max<std::size_t>(body_bytes, 1));
  out->Shrink(body_bytes);
  if (body_bytes == 0 && stored.empty()) return {};
  if (codec != kCodecZstd) return DecompressByArrow(codec, stored, to, body_bytes);
  if (DecompressZstd(stored, to, body_bytes)) return {};
  return DecodeFault::Corrupt("it does not decompress with zstd");
}

DecodeFault DecodeLevels(std::span<const uint8_t> levels, std::size_t rows,
                         std::vector<uint8_t>* present, std::size_t* values) {
  present->clear();
  *values = rows;
  if (rows == 0) return {};
  ByteReader whole(levels);
  uint64_t head = 0;
  uint8_t value = 0;
  if (whole.ReadVarint(&head) && (head & 1) == 0 && (head >> 1) >= rows && whole.Read(&value) &&
      value == 1) {
    return {};
  }
  present->resize(rows);
  uint8_t* at = present->data();
  std::size_t count = 0;
  bool too_large = false;
  ByteReader in(levels);
  DecodeFault fault = WalkRuns(
      &in, 1, rows,
      [&](uint32_t level, std::size_t run) {
        too_large |= level > 1;
        std::fill_n(at, run, static_cast<uint8_t>(level));
        count += level * run;
        at += run;
      },
      [&](std::span<const uint8_t> bits, std::size_t run) {
        for (std::size_t i = 0; i < run; ++i) {
          *at = static_cast<uint8_t>((bits[i / 8] >> (i % 8)) & 1);
          count += *at++;
        }
      });
  if (fault.ok() && too_large) fault = DecodeFault::Corrupt("a definition level is above 1");
  *values = count;
  if (fault.ok() && count == rows) present->clear();
  return fault;
}

DecodeFault DecodeIndices(std::span<const uint8_t> body, uint32_t limit, std::span<uint32_t> out) {
  if (out.empty()) return {};
  ByteReader in(body);
  uint8_t width = 0;
  if (!in.Read(&width)) return DecodeFault::Corrupt("it has no bit width");
  if (width > 32) return DecodeFault::Corrupt(fmt::format("its bit width is {}", width));
  std::size_t next = 0;
  DecodeFault fault = WalkRuns(
      &in, width, out.size(),
      [&](uint32_t value, std::size_t run) {
        std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(next), run, value);
        next += run;
      },
      [&](std::span<const uint8_t> packed, std::size_t run) {
        UnpackRun(packed, width, out.subspan(next, run));
        next += run;
      });
  if (!fault.ok()) return fault;
  uint32_t greatest = 0;
  for (const uint32_t index : out) greatest = std::max(greatest, index);
  if (greatest >= limit) {
    return DecodeFault::Corrupt(
        fmt::format("it points at entry {} of a dictionary of {}", greatest, limit));
  }
  return {};
}

bool IsOnePackedRun(std::span<const uint8_t> body, std::size_t count, int* width,
                    std::span<const uint8_t>* packed) {
  ByteReader in(body);
  uint8_t bits = 0;
  uint64_t head = 0;
  if (!in.Read(&bits) || bits > 32 || !in.ReadVarint(&head) || (head & 1) == 0) return false;
  if ((head >> 1) < (count + 7) / 8 || in.left() < PackedBytes(count, bits)) return false;
  *width = bits;
  *packed = {in.at(), in.left()};
  return true;
}

DecodeFault ConvertValues(const ValueFormat& format, const uint8_t* raw, std::span<int64_t> out) {
  if (format.type == PhysicalType::kInt96) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (!Int96ToNanos(raw + 12 * i, &out[i])) return TimeOutOfRange();
    }
    return {};
  }
  const int64_t unit = format.unit_ns;
  const int64_t least = std::numeric_limits<int64_t>::min() / unit;
  const int64_t greatest = std::numeric_limits<int64_t>::max() / unit;
  bool outside = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto value = Load<int64_t>(raw + 8 * i);
    outside |= value < least || value > greatest;
    out[i] = static_cast<int64_t>(static_cast<uint64_t>(value) * static_cast<uint64_t>(unit));
  }
  if (outside) return TimeOutOfRange();
  return {};
}

DecodeFault ConvertValues(const ValueFormat& format, const uint8_t* raw, std::span<double> out) {
  switch (format.type) {
    case PhysicalType::kDouble: std::memcpy(out.data(), raw, out.size_bytes()); return {};
    case PhysicalType::kFloat:
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = Load<float>(raw + 4 * i);
      return {};
    case PhysicalType::kInt32:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = DecimalToDouble(Load<int32_t>(raw + 4 * i), format.scale);
      }
      return {};
    case PhysicalType::kInt64:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = DecimalToDouble(Load<int64_t>(raw + 8 * i), format.scale);
      }
      return {};
    case PhysicalType::kFixedBytes:
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = DecimalToDouble(LoadBigEndian(raw + format.width * i, format.width), format.scale);
      }
      return {};
    default: return DecodeFault::Unsupported("its type is no number");
  }
}

namespace {

// Widens or narrows what delta packing yields to the stored width.
DecodeFault DecodeDelta(const ValueFormat& format, std::span<const uint8_t> bytes,
                        std::size_t count, ByteBuffer* scratch) {
  const bool wide = format.type == PhysicalType::kInt64;
  if (!wide && format.type != PhysicalType::kInt32) {
    return DecodeFault::Corrupt("delta packing is for whole numbers");
  }
  scratch->Clear();
  auto* values = reinterpret_cast<int64_t*>(scratch->Extend(count * sizeof(int64_t)));
  if (!DecodeDeltaPacked(bytes, {values, count})) {
    return DecodeFault::Corrupt("its delta-packed values are cut or malformed");
  }
  if (wide) return {};
  uint8_t* to = scratch->data();
  for (std::size_t i = 0; i < count; ++i) {
    const auto narrow = static_cast<int32_t>(values[i]);
    std::memcpy(to + 4 * i, &narrow, 4);
  }
  return {};
}

void JoinStreams(std::span<const uint8_t> bytes, std::size_t width, std::size_t count,
                 ByteBuffer* scratch) {
  scratch->Clear();
  uint8_t* to = scratch->Extend(count * width);
  for (std::size_t byte = 0; byte < width; ++byte) {
    const uint8_t* from = bytes.data() + byte * count;
    for (std::size_t i = 0; i < count; ++i) to[i * width + byte] = from[i];
  }
}

}  // namespace

template <typename T>
DecodeFault DecodeValues(const ValueFormat& format, PageEncoding encoding,
                         std::span<const uint8_t> bytes, ByteBuffer* scratch, std::span<T> out) {
  if (out.empty()) return {};
  if (encoding == PageEncoding::kDeltaBinaryPacked) {
    const DecodeFault fault = DecodeDelta(format, bytes, out.size(), scratch);
    return fault.ok() ? ConvertValues(format, scratch->data(), out) : fault;
  }
  if (encoding != PageEncoding::kPlain && encoding != PageEncoding::kByteStreamSplit) {
    return DecodeFault::Unsupported(
        fmt::format("encoding {} is not known for numbers", static_cast<int32_t>(encoding)));
  }
  if (bytes.size() / format.width < out.size()) {
    return DecodeFault::Corrupt(
        fmt::format("it holds {} bytes for {} values", bytes.size(), out.size()));
  }
  if (encoding == PageEncoding::kPlain) return ConvertValues(format, bytes.data(), out);
  JoinStreams(bytes, format.width, out.size(), scratch);
  return ConvertValues(format, scratch->data(), out);
}

template DecodeFault DecodeValues(const ValueFormat&, PageEncoding, std::span<const uint8_t>,
                                  ByteBuffer*, std::span<int64_t>);
template DecodeFault DecodeValues(const ValueFormat&, PageEncoding, std::span<const uint8_t>,
                                  ByteBuffer*, std::span<double>);

}  // namespace tickhouse::io
