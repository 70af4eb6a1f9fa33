#include "tickhouse/io/parquet/table/value_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "tickhouse/io/parquet/format/byte_reader.h"
#include "tickhouse/io/parquet/format/delta_packing.h"

namespace tickhouse::io {

namespace {

DecodeFault Cut(std::size_t bytes, std::size_t count) {
  return DecodeFault::Corrupt(fmt::format("it holds {} bytes for {} values", bytes, count));
}

DecodeFault UnknownEncoding(PageEncoding encoding, std::string_view what) {
  return DecodeFault::Unsupported(
      fmt::format("encoding {} is not known for {}", static_cast<int32_t>(encoding), what));
}

DecodeFault TooMuchText() {
  return DecodeFault::Unsupported("its strings take more than a gigabyte");
}

DecodeFault DecodeBooleans(PageEncoding encoding, std::span<const uint8_t> body, std::size_t count,
                           std::vector<uint8_t>* out) {
  if (encoding == PageEncoding::kRle) {
    uint32_t length = 0;
    if (count == 0) return {};
    if (body.size() < 4) return Cut(body.size(), count);
    std::memcpy(&length, body.data(), 4);
    if (length > body.size() - 4) return Cut(body.size(), count);
    std::size_t truths = 0;
    DecodeFault fault = DecodeLevels(body.subspan(4, length), count, out, &truths);
    if (fault.ok() && truths == count) out->assign(count, 1);
    return fault;
  }
  if (encoding != PageEncoding::kPlain) return UnknownEncoding(encoding, "booleans");
  if (body.size() < (count + 7) / 8) return Cut(body.size(), count);
  out->resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    (*out)[i] = static_cast<uint8_t>((body[i / 8] >> (i % 8)) & 1);
  }
  return {};
}

void JoinStreams(std::span<const uint8_t> body, std::size_t width, std::size_t count, uint8_t* to) {
  for (std::size_t byte = 0; byte < width; ++byte) {
    const uint8_t* from = body.data() + byte * count;
    for (std::size_t i = 0; i < count; ++i) to[i * width + byte] = from[i];
  }
}

template <typename T>
DecodeFault DecodeDelta(std::span<const uint8_t> body, std::size_t count, ByteBuffer* scratch,
                        std::vector<T>* out) {
  scratch->Clear();
  int64_t* wide = nullptr;
  out->resize(count);
  if constexpr (std::is_same_v<T, int64_t>) {
    wide = out->data();
  } else {
    wide = reinterpret_cast<int64_t*>(scratch->Extend(count * sizeof(int64_t)));
  }
  if (!DecodeDeltaPacked(body, {wide, count})) {
    return DecodeFault::Corrupt("its delta-packed values are cut or malformed");
  }
  if constexpr (std::is_same_v<T, int32_t>) {
    for (std::size_t i = 0; i < count; ++i) (*out)[i] = static_cast<int32_t>(wide[i]);
  }
  return {};
}

template <typename T>
DecodeFault DecodeNumbers(PageEncoding encoding, std::span<const uint8_t> body, std::size_t count,
                          ByteBuffer* scratch, std::vector<T>* out) {
  if constexpr (std::is_integral_v<T>) {
    if (encoding == PageEncoding::kDeltaBinaryPacked) {
      return DecodeDelta(body, count, scratch, out);
    }
  }
  if (encoding != PageEncoding::kPlain && encoding != PageEncoding::kByteStreamSplit) {
    return UnknownEncoding(encoding, "numbers");
  }
  if (body.size() / sizeof(T) < count) return Cut(body.size(), count);
  out->resize(count);
  if (count == 0) return {};
  if (encoding == PageEncoding::kPlain) {
    std::memcpy(out->data(), body.data(), count * sizeof(T));
  } else {
    JoinStreams(body, sizeof(T), count, reinterpret_cast<uint8_t*>(out->data()));
  }
  return {};
}

DecodeFault DecodeInt96(PageEncoding encoding, std::span<const uint8_t> body, std::size_t count,
                        std::vector<int64_t>* out) {
  if (encoding != PageEncoding::kPlain) return UnknownEncoding(encoding, "int96");
  if (body.size() / 12 < count) return Cut(body.size(), count);
  out->resize(count);
  return ConvertValues({.type = PhysicalType::kInt96, .width = 12}, body.data(), *out);
}

std::string_view Text(const uint8_t* at, std::size_t bytes) {
  return {reinterpret_cast<const char*>(at), bytes};
}

DecodeFault DecodePlainBytes(std::span<const uint8_t> body, std::size_t count, BytesValues* out) {
  ByteReader in(body);
  for (std::size_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    const uint8_t* at = in.Read(&length) ? in.Take(length) : nullptr;
    if (at == nullptr) return Cut(body.size(), count);
    out->Append(Text(at, length));
  }
  return {};
}

DecodeFault ReadLengths(std::span<const uint8_t>* body, std::size_t count,
                        std::vector<int64_t>* lengths) {
  std::size_t used = 0;
  lengths->resize(count);
  if (!DecodeDeltaPacked(*body, *lengths, &used)) {
    return DecodeFault::Corrupt("its lengths are cut or malformed");
  }
  for (const int64_t length : *lengths) {
    if (length < 0 || length > kMaxPageText) return DecodeFault::Corrupt("a length is impossible");
  }
  *body = body->subspan(used);
  return {};
}

DecodeFault DecodeDeltaLength(std::span<const uint8_t> body, std::size_t count, BytesValues* out) {
  std::vector<int64_t> lengths;
  DecodeFault fault = ReadLengths(&body, count, &lengths);
  if (!fault.ok()) return fault;
  ByteReader in(body);
  for (const int64_t length : lengths) {
    const uint8_t* at = in.Take(static_cast<std::size_t>(length));
    if (at == nullptr) return Cut(body.size(), count);
    out->Append(Text(at, static_cast<std::size_t>(length)));
  }
  return {};
}

// Each value: so many bytes of the one before, then a suffix.
DecodeFault DecodeDeltaBytes(std::span<const uint8_t> body, std::size_t count, BytesValues* out) {
  std::vector<int64_t> prefixes;
  BytesValues suffixes;
  DecodeFault fault = ReadLengths(&body, count, &prefixes);
  if (fault.ok()) fault = DecodeDeltaLength(body, count, &suffixes);
  if (!fault.ok()) return fault;
  std::string value;
  for (std::size_t i = 0; i < count; ++i) {
    const auto prefix = static_cast<std::size_t>(prefixes[i]);
    if (prefix > value.size()) return DecodeFault::Corrupt("a prefix is longer than its value");
    value.resize(prefix);
    value.append(suffixes[i]);
    if (out->offsets.back() + static_cast<int64_t>(value.size()) > kMaxPageText) {
      return TooMuchText();
    }
    out->Append(value);
  }
  return {};
}

DecodeFault DecodeFixedPlain(PageEncoding encoding, std::span<const uint8_t> body,
                             std::size_t width, std::size_t count, BytesValues* out) {
  if (width == 0) return DecodeFault::Corrupt("its values have no bytes");
  if (body.size() / width < count) return Cut(body.size(), count);
  out->bytes.resize(width * count);
  auto* to = reinterpret_cast<uint8_t*>(out->bytes.data());
  if (encoding == PageEncoding::kPlain) {
    std::copy_n(body.data(), width * count, to);
  } else {
    JoinStreams(body, width, count, to);
  }
  for (std::size_t i = 1; i <= count; ++i) out->offsets.push_back(static_cast<int64_t>(i * width));
  return {};
}

DecodeFault DecodeBytes(const FooterColumn& column, PageEncoding encoding,
                        std::span<const uint8_t> body, std::size_t count, BytesValues* out) {
  const bool fixed = column.type == PhysicalType::kFixedBytes;
  const auto width = static_cast<std::size_t>(std::max(column.type_length, 0));
  if (fixed && (encoding == PageEncoding::kPlain || encoding == PageEncoding::kByteStreamSplit)) {
    return DecodeFixedPlain(encoding, body, width, count, out);
  }
  out->offsets.reserve(count + 1);
  DecodeFault fault;
  switch (encoding) {
    case PageEncoding::kPlain: return DecodePlainBytes(body, count, out);
    case PageEncoding::kDeltaLengthByteArray: fault = DecodeDeltaLength(body, count, out); break;
    case PageEncoding::kDeltaByteArray: fault = DecodeDeltaBytes(body, count, out); break;
    default: return UnknownEncoding(encoding, "byte arrays");
  }
  for (std::size_t i = 0; fault.ok() && fixed && i < count; ++i) {
    if ((*out)[i].size() != width) return DecodeFault::Corrupt("a value of the wrong length");
  }
  return fault;
}

}  // namespace

DecodeFault DecodeColumnValues(const FooterColumn& column, PageEncoding encoding,
                               std::span<const uint8_t> body, std::size_t count,
                               ByteBuffer* scratch, ColumnValues* out) {
  *out = EmptyValues(column.type);
  if (column.type == PhysicalType::kInt96) {
    return DecodeInt96(encoding, body, count, &std::get<std::vector<int64_t>>(*out));
  }
  if (auto* bytes = std::get_if<BytesValues>(out)) {
    return DecodeBytes(column, encoding, body, count, bytes);
  }
  if (auto* truths = std::get_if<std::vector<uint8_t>>(out)) {
    return DecodeBooleans(encoding, body, count, truths);
  }
  return std::visit(
      [&](auto& held) -> DecodeFault {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, BytesValues> ||
                      std::is_same_v<Held, std::vector<uint8_t>>) {
          return {};
        } else {
          return DecodeNumbers(encoding, body, count, scratch, &held);
        }
      },
      *out);
}

DecodeFault LookUp(const ColumnValues& dictionary, std::span<const uint32_t> indices,
                   ColumnValues* out) {
  return std::visit(
      [&](const auto& entries) -> DecodeFault {
        using Held = std::decay_t<decltype(entries)>;
        Held found;
        if constexpr (std::is_same_v<Held, BytesValues>) {
          int64_t bytes = 0;
          for (const uint32_t i : indices) bytes += static_cast<int64_t>(entries[i].size());
          if (bytes > kMaxPageText) return TooMuchText();
          found.bytes.reserve(static_cast<std::size_t>(bytes));
          found.offsets.reserve(indices.size() + 1);
          for (const uint32_t i : indices) found.Append(entries[i]);
        } else {
          found.resize(indices.size());
          for (std::size_t i = 0; i < indices.size(); ++i) found[i] = entries[indices[i]];
        }
        *out = std::move(found);
        return {};
      },
      dictionary);
}

void SpreadOut(std::span<const uint8_t> present, ColumnValues* values) {
  std::visit(
      [&](auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, BytesValues>) {
          std::vector<int64_t> offsets = {0};
          offsets.reserve(present.size() + 1);
          std::size_t next = 0;
          for (const uint8_t is_there : present) {
            next += is_there;
            offsets.push_back(held.offsets[next]);
          }
          held.offsets = std::move(offsets);
        } else {
          std::size_t from = held.size();
          held.resize(present.size());
          for (std::size_t row = present.size(); row-- > 0;) {
            held[row] = present[row] != 0 ? held[--from] : typename Held::value_type{};
          }
        }
      },
      *values);
}

void AppendRows(const ColumnValues& from, std::size_t begin, std::size_t count, ColumnValues* to) {
  std::visit(
      [&](const auto& source) {
        using Held = std::decay_t<decltype(source)>;
        auto& target = std::get<Held>(*to);
        if constexpr (std::is_same_v<Held, BytesValues>) {
          const int64_t first = source.offsets[begin];
          const int64_t last = source.offsets[begin + count];
          const int64_t shift = target.offsets.back() - first;
          target.bytes.append(source.bytes, static_cast<std::size_t>(first),
                              static_cast<std::size_t>(last - first));
          for (std::size_t i = 1; i <= count; ++i) {
            target.offsets.push_back(source.offsets[begin + i] + shift);
          }
        } else {
          const auto at = source.begin() + static_cast<std::ptrdiff_t>(begin);
          target.insert(target.end(), at, at + static_cast<std::ptrdiff_t>(count));
        }
      },
      from);
}

}  // namespace tickhouse::io
