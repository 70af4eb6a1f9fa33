#include "tickhouse/lake/avro/avro_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

#include "tickhouse/core/random.h"
#include "tickhouse/lake/avro/avro_pack.h"

namespace tickhouse::lake {
namespace {

constexpr std::string_view kMagic("Obj\1", 4);
constexpr std::size_t kMaxBlockBytes = std::size_t{64} << 20;
constexpr std::size_t kBlockBytes = 64 * 1024;

std::string_view CodecName(AvroCodec codec) {
  switch (codec) {
    case AvroCodec::kNull: return "null";
    case AvroCodec::kDeflate: return "deflate";
    case AvroCodec::kZstandard: return "zstandard";
  }
  return "";
}

std::optional<AvroCodec> FindCodec(std::string_view name) {
  for (const AvroCodec codec : {AvroCodec::kNull, AvroCodec::kDeflate, AvroCodec::kZstandard}) {
    if (CodecName(codec) == name) return codec;
  }
  return std::nullopt;
}

// FNV-1a; only to tell files apart.
void Mix(std::string_view text, uint64_t* hash) {
  for (const char c : text) *hash = (*hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
}

AvroSync SyncOf(std::string_view schema_text, const AvroMetadata& metadata) {
  uint64_t hash = 0xCBF29CE484222325ULL;
  Mix(schema_text, &hash);
  for (const auto& [key, value] : metadata) {
    Mix(key, &hash);
    Mix(value, &hash);
  }
  Random random(hash);
  AvroSync sync;
  for (std::size_t i = 0; i < sync.size(); i += sizeof(uint64_t)) {
    const uint64_t bits = random.Next();
    std::memcpy(sync.data() + i, &bits, sizeof(bits));
  }
  return sync;
}

// A table has few schemas (of its lists, of its manifests by specification), whose JSON would take
// longer than their entries. The last used stands first.
Result<std::shared_ptr<const AvroSchema>> ParseOnce(const std::string& text) {
  constexpr std::size_t kKept = 8;
  struct Parsed {
    std::string text;
    std::shared_ptr<const AvroSchema> schema;
  };
  thread_local std::vector<Parsed> kept;
  auto found = std::ranges::find(kept, text, &Parsed::text);
  if (found == kept.end()) {
    TICKHOUSE_ASSIGN(AvroSchema schema, ParseAvroSchema(text));
    if (kept.size() == kKept) kept.pop_back();
    kept.push_back({text, std::make_shared<const AvroSchema>(std::move(schema))});
    found = std::prev(kept.end());
  }
  std::rotate(kept.begin(), found, std::next(found));
  return kept.front().schema;
}

}  // namespace

Result<AvroFileReader> AvroFileReader::Open(std::string bytes, std::string name) {
  AvroFileReader reader;
  reader.bytes_ = std::move(bytes);
  reader.name_ = std::move(name);
  TICKHOUSE_TRY(reader.ReadHeader());
  return reader;
}

std::unexpected<Error> AvroFileReader::Corrupt(std::size_t byte, std::string_view what) const {
  return Fail(ErrorKind::kCorrupt, fmt::format("{}: Avro, byte {}: {}", name_, byte, what));
}

std::unexpected<Error> AvroFileReader::DecodeError(const Block& block,
                                                   const AvroDecoder& decoder) const {
  if (codec_ == AvroCodec::kNull) {
    return Corrupt(block.start + decoder.offset(), decoder.failure());
  }
  return Corrupt(block.start, fmt::format("in the block that starts here, unpacked byte {}: {}",
                                          decoder.offset(), decoder.failure()));
}

Status AvroFileReader::ReadMetadata(AvroDecoder* in) {
  for (int64_t count = in->BlockCount(); count > 0; count = in->BlockCount()) {
    for (int64_t i = 0; i < count && !in->failed(); ++i) {
      std::string key(in->Bytes());
      metadata_[std::move(key)] = in->Bytes();
    }
  }
  const std::string_view sync = in->Fixed(sync_.size());
  if (in->failed()) return Corrupt(kMagic.size() + in->offset(), in->failure());
  std::memcpy(sync_.data(), sync.data(), sync_.size());
  return {};
}

Status AvroFileReader::ReadHeader() {
  if (!std::string_view(bytes_).starts_with(kMagic)) {
    return Corrupt(0, bytes_.empty() ? "the file is empty" : "this is no Avro file");
  }
  AvroDecoder in(std::string_view(bytes_).substr(kMagic.size()));
  TICKHOUSE_TRY(ReadMetadata(&in));
  at_ = kMagic.size() + in.offset();
  if (auto codec = metadata_.extract("avro.codec"); !codec.empty()) {
    const auto known = FindCodec(codec.mapped());
    if (!known) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("{}: Avro codec \"{}\"; null, deflate and zstandard are read", name_,
                              codec.mapped().substr(0, 40)));
    }
    codec_ = *known;
  }
  auto schema = metadata_.extract("avro.schema");
  if (schema.empty()) return Corrupt(kMagic.size(), "the header has no schema");
  schema_text_ = std::move(schema.mapped());
  auto parsed = ParseOnce(schema_text_);
  if (!parsed) return Fail(parsed.error().WithContext(fmt::format("{}: byte 4", name_)));
  schema_ = std::move(*parsed);
  return {};
}

Result<std::string_view> AvroFileReader::Unpack(std::string_view packed, std::size_t start) {
  if (codec_ == AvroCodec::kNull) return packed;
  const Status unpacked = codec_ == AvroCodec::kDeflate
                              ? AvroInflate(packed, kMaxBlockBytes, &unpacked_)
                              : AvroZstdUnpack(packed, kMaxBlockBytes, &unpacked_);
  if (!unpacked) return Corrupt(start, "the block that starts here: " + unpacked.error().message);
  return unpacked_;
}

Result<AvroFileReader::Block> AvroFileReader::NextBlock() {
  AvroDecoder in(std::string_view(bytes_).substr(at_));
  const int64_t count = in.Long();
  const std::string_view packed = in.Bytes();
  const std::size_t packed_end = at_ + in.offset();
  const std::string_view sync = in.Fixed(sync_.size());
  if (in.failed()) return Corrupt(at_ + in.offset(), in.failure());
  if (sync != std::string_view(sync_.data(), sync_.size())) {
    return Corrupt(packed_end, "the marker after a block is not that of the file");
  }
  const std::size_t start = packed_end - packed.size();
  TICKHOUSE_ASSIGN(const std::string_view bytes, Unpack(packed, start));
  if (count < 0 || static_cast<uint64_t>(count) > bytes.size()) {
    return Corrupt(at_, fmt::format("{} records in a block of {} bytes", count, bytes.size()));
  }
  at_ = packed_end + sync.size();
  return Block{.count = count, .bytes = bytes, .start = start};
}

AvroFileWriter::AvroFileWriter(std::string_view schema_text, const AvroMetadata& metadata,
                               AvroCodec codec)
    : codec_(codec), sync_(SyncOf(schema_text, metadata)) {
  file_.Raw(kMagic);
  file_.Long(static_cast<int64_t>(metadata.size() + 2));
  file_.Bytes("avro.schema");
  file_.Bytes(schema_text);
  file_.Bytes("avro.codec");
  file_.Bytes(CodecName(codec));
  for (const auto& [key, value] : metadata) {
    file_.Bytes(key);
    file_.Bytes(value);
  }
  file_.Long(0);
  file_.Raw({sync_.data(), sync_.size()});
}

void AvroFileWriter::EndRecord() {
  ++records_;
  if (encoder_.bytes().size() >= kBlockBytes) EndBlock();
}

void AvroFileWriter::EndBlock() {
  if (records_ == 0) return;
  file_.Long(records_);
  if (codec_ == AvroCodec::kNull) {
    file_.Bytes(encoder_.bytes());
  } else {
    file_.Bytes(codec_ == AvroCodec::kDeflate ? AvroDeflate(encoder_.bytes())
                                              : AvroZstdPack(encoder_.bytes()));
  }
  file_.Raw({sync_.data(), sync_.size()});
  encoder_.Clear();
  records_ = 0;
}

std::string AvroFileWriter::Finish() {
  EndBlock();
  return file_.bytes();
}

}  // namespace tickhouse::lake
