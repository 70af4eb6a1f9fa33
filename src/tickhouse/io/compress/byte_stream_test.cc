#include "tickhouse/io/compress/byte_stream.h"

#include <zip.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::io {
namespace {

std::string Gzip(std::string_view text) {
  z_stream zlib = {};
  EXPECT_EQ(deflateInit2(&zlib, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&zlib, text.size()) + 64, '\0');
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zlib.avail_in = static_cast<unsigned>(text.size());
  zlib.next_out = reinterpret_cast<Bytef*>(packed.data());
  zlib.avail_out = static_cast<unsigned>(packed.size());
  EXPECT_EQ(deflate(&zlib, Z_FINISH), Z_STREAM_END);
  packed.resize(zlib.total_out);
  deflateEnd(&zlib);
  return packed;
}

std::string Zstd(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3);
  EXPECT_EQ(ZSTD_isError(size), 0u);
  packed.resize(size);
  return packed;
}

struct ZipEntry {
  std::string name;
  std::string text;
  int method = ZIP_CM_DEFLATE;
};

std::string Zip(const std::vector<ZipEntry>& entries) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* sink = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(sink);
  zip_t* archive = zip_open_from_source(sink, ZIP_TRUNCATE, &error);
  for (const ZipEntry& entry : entries) {
    zip_source_t* text = zip_source_buffer(archive, entry.text.data(), entry.text.size(), 0);
    const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), text, ZIP_FL_ENC_UTF_8);
    EXPECT_GE(index, 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), entry.method, 6);
  }
  EXPECT_EQ(zip_close(archive), 0);
  EXPECT_EQ(zip_source_open(sink), 0);
  zip_source_seek(sink, 0, SEEK_END);
  std::string packed(static_cast<std::size_t>(zip_source_tell(sink)), '\0');
  zip_source_seek(sink, 0, SEEK_SET);
  EXPECT_EQ(zip_source_read(sink, packed.data(), packed.size()),
            static_cast<zip_int64_t>(packed.size()));
  zip_source_close(sink);
  zip_source_free(sink);
  return packed;
}

/// Lines that pack well but not away.
std::string Text(std::size_t bytes) {
  Random random(7);
  std::string text;
  while (text.size() < bytes) text += std::to_string(random.Below(100'000)) + ",1.22531\n";
  text.resize(bytes);
  return text;
}

class ByteStreamTest : public ::testing::Test {
 protected:
  std::unique_ptr<ReadableFile> FileOf(std::string_view bytes, const std::string& path = "a.csv") {
    EXPECT_OK(fs_->WriteWhole(path, bytes));
    auto file = fs_->OpenRead(path);
    EXPECT_OK(file);
    return std::move(file).value();
  }

  /// All that comes out before the end or the failure.
  Status Unpack(std::string_view bytes, std::string* text, std::size_t step = 10'007) {
    TICKHOUSE_ASSIGN(auto stream, OpenByteStream(FileOf(bytes)));
    return Drain(*stream, text, step);
  }

  static Status Drain(ByteStream& stream, std::string* text, std::size_t step) {
    std::vector<std::byte> buffer(step);
    while (true) {
      const auto read = stream.Read(buffer);
      if (!read) {
        const auto again = stream.Read(buffer);
        EXPECT_FALSE(again.has_value()) << "a failed stream stays failed";
        return Fail(read.error());
      }
      if (*read == 0) break;
      text->append(reinterpret_cast<const char*>(buffer.data()), *read);
    }
    EXPECT_EQ(stream.Read(buffer).value_or(99), 0u) << "the end stays the end";
    return {};
  }

  void ExpectUnpacks(std::string_view bytes, std::string_view expected) {
    for (const std::size_t step : {std::size_t{1'000'000}, std::size_t{10'007}}) {
      std::string text;
      ASSERT_OK(Unpack(bytes, &text, step));
      EXPECT_TRUE(text == expected) << text.size() << " bytes instead of " << expected.size();
    }
  }

  /// The failure names file and offset, and what came before it is the beginning of the text.
  void ExpectCorrupt(std::string_view bytes, std::string_view whole) {
    std::string text;
    const Status status = Unpack(bytes, &text);
    ASSERT_THAT(status, IsError(ErrorKind::kCorrupt)) << bytes.size();
    EXPECT_THAT(status, HasErrorMessage("a.csv: "));
    EXPECT_THAT(status, HasErrorMessage(" at offset "));
    EXPECT_TRUE(whole.starts_with(text));
  }

  std::unique_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
};

TEST_F(ByteStreamTest, HandsPlainBytesThrough) {
  ExpectUnpacks("", "");
  ExpectUnpacks("a", "a");
  ExpectUnpacks(Text(100'000), Text(100'000));
}

TEST_F(ByteStreamTest, UnpacksGzipOfOneAndOfSeveralMembers) {
  const std::string text = Text(1'000'000);
  ExpectUnpacks(Gzip(text), text);
  ExpectUnpacks(Gzip(""), "");
  ExpectUnpacks(Gzip("a") + Gzip("") + Gzip(text), "a" + text);
  ExpectUnpacks(Gzip("a") + std::string(1'000, '\0'), "a");
}

TEST_F(ByteStreamTest, UnpacksZstdOfOneAndOfSeveralFrames) {
  const std::string text = Text(1'000'000);
  const std::string skippable("\x50\x2A\x4D\x18\x03\x00\x00\x00xyz", 11);
  ExpectUnpacks(Zstd(text), text);
  ExpectUnpacks(Zstd(""), "");
  ExpectUnpacks(skippable + Zstd("a") + Zstd(text) + skippable, "a" + text);
}

TEST_F(ByteStreamTest, UnpacksAZipOfOneFile) {
  const std::string text = Text(1'000'000);
  ExpectUnpacks(Zip({{"a.csv", text}}), text);
  ExpectUnpacks(Zip({{"a.csv", text, ZIP_CM_STORE}}), text);
  ExpectUnpacks(Zip({{"__MACOSX/._a.csv", "x"}, {"folder/a.csv", text}}), text);
  ExpectUnpacks(Zip({{"empty.csv", ""}}), "");
}

TEST_F(ByteStreamTest, RefusesAZipOfSeveralFilesAndListsThem) {
  std::string text;
  const Status status = Unpack(Zip({{"a.csv", "1"}, {"b.csv", "2"}}), &text);
  EXPECT_THAT(status, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(status, HasErrorMessage("2 files (a.csv, b.csv)"));
  const Status none = Unpack(std::string("PK\x05\x06", 4) + std::string(18, '\0'), &text);
  EXPECT_THAT(none, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(none, HasErrorMessage("no file"));
}

TEST_F(ByteStreamTest, NamesFileAndOffsetOfACut) {
  const std::string text = Text(300'000);
  const std::string packed[] = {Gzip(text), Zstd(text), Zip({{"a.csv", text}})};
  for (const std::string& whole : packed) {
    for (const std::size_t size : {std::size_t{4}, whole.size() / 2, whole.size() - 1}) {
      ExpectCorrupt(std::string_view(whole).substr(0, size), text);
    }
  }
}

TEST_F(ByteStreamTest, NeverTakesDamagedBytesForTheText) {
  const std::string text = Text(20'000);
  Random random(11);
  for (const std::string& whole : {Gzip(text), Zip({{"a.csv", text}})}) {
    for (int round = 0; round < 200; ++round) {
      std::string damaged = whole;
      const uint64_t bit = random.Below(damaged.size() * 8);
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      std::string unpacked;
      const Status status = Unpack(damaged, &unpacked);
      // A bit of a header that nobody reads (a date, a name) or of the magic may go unseen.
      if (status.has_value() && bit >= 32) {
        EXPECT_TRUE(unpacked == text) << "bit " << bit;
      }
    }
  }
}

TEST_F(ByteStreamTest, RefusesBytesBehindTheGzipData) {
  ExpectCorrupt(Gzip("text") + "garbage", "text");
  ExpectCorrupt(Zstd("text") + "garbage", "text");
}

TEST_F(ByteStreamTest, KeepsMemoryFlatBeforeABomb) {
  const std::string zeros(64 << 20, '0');
  auto stream = OpenByteStream(FileOf(Gzip(zeros)));
  ASSERT_OK(stream);
  std::vector<std::byte> buffer(1'000);
  std::size_t total = 0;
  for (int i = 0; i < 100; ++i) total += (*stream)->Read(buffer).value_or(0);
  EXPECT_LE(total, 100'000u) << "no more than asked for is unpacked";
  EXPECT_LT((*stream)->consumed(), 65'600);
}

TEST_F(ByteStreamTest, CountsThePackedBytesConsumed) {
  const std::string text = Text(1'000'000);
  for (const std::string& packed : {text, Gzip(text), Zstd(text)}) {
    auto stream = OpenByteStream(FileOf(packed));
    ASSERT_OK(stream);
    EXPECT_EQ((*stream)->consumed(), 0);
    std::string unpacked;
    ASSERT_OK(Drain(**stream, &unpacked, 4'096));
    EXPECT_EQ((*stream)->consumed(), static_cast<int64_t>(packed.size()));
  }
}

TEST_F(ByteStreamTest, PassesOnFailuresOfTheDevice) {
  const std::string text = Text(100'000);
  for (const std::string& packed : {text, Gzip(text), Zstd(text), Zip({{"a.csv", text}})}) {
    ASSERT_OK(fs_->WriteWhole("a.csv", packed));
    auto faulty = MakeFaultyFileSystem(
        fs_.get(), [](FsCall call, const std::string&, int n) -> std::optional<Error> {
          if (call != FsCall::kRead || n == 0) return std::nullopt;
          return Error{ErrorKind::kIo, "the disk is on fire"};
        });
    ASSERT_OK_AND_ASSIGN(auto file, faulty->OpenRead("a.csv"));
    auto stream = OpenByteStream(std::move(file));
    std::string unpacked;
    const Status status =
        stream.has_value() ? Drain(**stream, &unpacked, 1'000) : Status(Fail(stream.error()));
    EXPECT_THAT(status, IsError(ErrorKind::kIo));
    EXPECT_THAT(status, HasErrorMessage("on fire"));
  }
}

TEST_F(ByteStreamTest, TellsPackedFilesByContent) {
  EXPECT_EQ(IsPacked(*FileOf(Gzip("x"), "a.csv")).value(), true);
  EXPECT_EQ(IsPacked(*FileOf(Zstd("x"), "a.csv")).value(), true);
  EXPECT_EQ(IsPacked(*FileOf(Zip({{"a", "x"}}), "a.csv")).value(), true);
  EXPECT_EQ(IsPacked(*FileOf("DateTime", "a.csv.gz")).value(), false);
  EXPECT_EQ(IsPacked(*FileOf("", "a.csv.gz")).value(), false);
}

TEST(StripPackedExtension, DropsOneEnd) {
  EXPECT_EQ(StripPackedExtension("x/a.csv.gz"), "x/a.csv");
  EXPECT_EQ(StripPackedExtension("a.CSV.ZST"), "a.CSV");
  EXPECT_EQ(StripPackedExtension("a.csv.zip"), "a.csv");
  EXPECT_EQ(StripPackedExtension("a.csv"), "a.csv");
  EXPECT_EQ(StripPackedExtension("gz"), "gz");
}

}  // namespace
}  // namespace tickhouse::io
