#include "tickhouse/lake/avro/avro_pack.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "tickhouse/core/check.h"

namespace tickhouse::lake {
namespace {

constexpr int kRawWindow = -15;
constexpr std::size_t kFirstGuess = 16 * 1024;

std::unexpected<Error> Corrupt(std::string message) {
  return Fail(ErrorKind::kCorrupt, std::move(message));
}

Bytef* ZlibBytes(const char* bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes));
}

// Room for more, but never much more than the limit: what is packed may claim anything.
Status Grow(std::size_t used, std::size_t max_bytes, std::string* out) {
  if (used > max_bytes) {
    return Corrupt(fmt::format("it unpacks to more than {} bytes", max_bytes));
  }
  out->resize(std::min(std::max(out->size() * 2, kFirstGuess), max_bytes + 1));
  return {};
}

}  // namespace

std::string AvroDeflate(std::string_view bytes) {
  z_stream stream{};
  TICKHOUSE_CHECK(deflateInit2(&stream, 6, Z_DEFLATED, kRawWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK,
                  "no memory");
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = ZlibBytes(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = ZlibBytes(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int code = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  TICKHOUSE_CHECK(code == Z_STREAM_END, "deflateBound was too small");
  return packed;
}

Status AvroInflate(std::string_view packed, std::size_t max_bytes, std::string* out) {
  z_stream stream{};
  TICKHOUSE_CHECK(inflateInit2(&stream, kRawWindow) == Z_OK, "no memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = ZlibBytes(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::size_t used = 0;
  out->resize(out->capacity());
  for (;;) {
    if (used == out->size()) TICKHOUSE_TRY(Grow(used, max_bytes, out));
    stream.next_out = ZlibBytes(out->data() + used);
    stream.avail_out = static_cast<uInt>(out->size() - used);
    const int code = inflate(&stream, Z_NO_FLUSH);
    used = stream.total_out;
    if (code == Z_STREAM_END) break;
    if (code == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0)) continue;
    if (code == Z_BUF_ERROR && stream.avail_out == 0) continue;
    return Corrupt(code == Z_OK || code == Z_BUF_ERROR ? "its deflate data is cut"
                                                       : "its deflate data is damaged");
  }
  if (used > max_bytes) return Grow(used, max_bytes, out);
  // Java ends a block there; some writers leave a checksum behind, which is no data.
  out->resize(used);
  return {};
}

std::string AvroZstdPack(std::string_view bytes) {
  std::string packed(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size =
      ZSTD_compress(packed.data(), packed.size(), bytes.data(), bytes.size(), 3);
  TICKHOUSE_CHECK(ZSTD_isError(size) == 0, "compressBound was too small");
  packed.resize(size);
  return packed;
}

Status AvroZstdUnpack(std::string_view packed, std::size_t max_bytes, std::string* out) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                        ZSTD_freeDCtx);
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::size_t used = 0;
  out->resize(out->capacity());
  for (;;) {
    if (used == out->size()) TICKHOUSE_TRY(Grow(used, max_bytes, out));
    ZSTD_outBuffer window{out->data(), out->size(), used};
    const std::size_t code = ZSTD_decompressStream(context.get(), &window, &in);
    used = window.pos;
    if (ZSTD_isError(code) != 0) return Corrupt("its zstd data is damaged");
    if (in.pos == in.size && code == 0) break;
    if (in.pos == in.size && used < out->size()) return Corrupt("its zstd data is cut");
  }
  if (used > max_bytes) return Grow(used, max_bytes, out);
  out->resize(used);
  return {};
}

}  // namespace tickhouse::lake
