// Avro object containers: a schema, metadata, and blocks of records, in one file.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/avro/avro_decoder.h"
#include "tickhouse/lake/avro/avro_schema.h"

namespace tickhouse::lake {

using AvroMetadata = std::map<std::string, std::string>;
using AvroSync = std::array<char, 16>;

/// kZstandard is read and written as well; snappy, bzip2 and xz are kUnsupported.
enum class AvroCodec { kNull, kDeflate, kZstandard };

/// One file in memory, block after block. Every error is kCorrupt or kUnsupported and names the
/// file and the byte. One thread.
class AvroFileReader {
 public:
  /// `name` is for messages. Reads the header.
  static Result<AvroFileReader> Open(std::string bytes, std::string name);

  /// Without "avro.schema" and "avro.codec".
  const AvroMetadata& metadata() const { return metadata_; }
  /// As it stands in the file.
  const std::string& schema_text() const { return schema_text_; }
  /// Stays where it is when the reader is moved; valid while the reader is.
  const AvroSchema& schema() const { return *schema_; }
  AvroCodec codec() const { return codec_; }
  /// Of the file, in bytes.
  std::size_t size() const { return bytes_.size(); }

  /// Calls `record(decoder)` for each record of the file; it must read one value of `schema()`.
  /// What is left over or lacking at a block's end is kCorrupt, and so is a claim of more records
  /// than the block has bytes. A block may unpack to 64 MiB.
  template <typename Function>
  Status ForEachRecord(Function record) {
    while (at_ < bytes_.size()) {
      TICKHOUSE_ASSIGN(const Block block, NextBlock());
      AvroDecoder decoder(block.bytes);
      for (int64_t i = 0; i < block.count && !decoder.failed(); ++i) record(decoder);
      if (!decoder.failed() && decoder.left() != 0) {
        decoder.SetFailure("bytes are left over after the last record of a block");
      }
      if (decoder.failed()) return DecodeError(block, decoder);
    }
    return {};
  }

 private:
  struct Block {
    int64_t count = 0;
    std::string_view bytes;
    std::size_t start = 0;  ///< In the file, of the packed bytes.
  };

  AvroFileReader() = default;
  Status ReadHeader();
  Status ReadMetadata(AvroDecoder* in);
  Result<Block> NextBlock();
  Result<std::string_view> Unpack(std::string_view packed, std::size_t start);
  std::unexpected<Error> DecodeError(const Block& block, const AvroDecoder& decoder) const;
  std::unexpected<Error> Corrupt(std::size_t byte, std::string_view what) const;

  std::string bytes_;
  std::string name_;
  AvroMetadata metadata_;
  std::string schema_text_;
  std::shared_ptr<const AvroSchema> schema_;
  AvroCodec codec_ = AvroCodec::kNull;
  AvroSync sync_ = {};
  std::size_t at_ = 0;  ///< Of the next block.
  std::string unpacked_;
};

/// Builds a file in memory. One thread.
class AvroFileWriter {
 public:
  /// `schema_text` and `metadata` are written as they are; the marker between blocks derives from
  /// them, so that the same content gives the same bytes.
  AvroFileWriter(std::string_view schema_text, const AvroMetadata& metadata, AvroCodec codec);

  /// Where the next record is to be written, whole.
  AvroEncoder& encoder() { return encoder_; }
  /// Call after each record; blocks end at 64 KiB.
  void EndRecord();
  /// The file. The writer is spent.
  std::string Finish();

 private:
  void EndBlock();

  AvroCodec codec_;
  AvroSync sync_ = {};
  AvroEncoder file_;
  AvroEncoder encoder_;
  int64_t records_ = 0;
};

}  // namespace tickhouse::lake
