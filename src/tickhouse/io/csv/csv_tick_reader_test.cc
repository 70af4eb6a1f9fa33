#include "tickhouse/io/csv/csv_tick_reader.h"

#include <zlib.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/core/tick_reader_contract.h"
#include "tickhouse/io/csv/csv_writer.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::io {
namespace {

/// Bytes in memory, handed out a few at a time, then perhaps a failure.
class ScriptedStream : public ByteStream {
 public:
  ScriptedStream(std::string text, std::size_t step, std::optional<Error> failure = {})
      : text_(std::move(text)), step_(step), failure_(std::move(failure)) {}
  Result<std::size_t> Read(std::span<std::byte> out) override {
    const std::size_t bytes = std::min({out.size(), step_, text_.size() - at_});
    if (bytes == 0 && failure_) return Fail(*failure_);
    std::copy_n(reinterpret_cast<const std::byte*>(text_.data()) + at_, bytes, out.data());
    at_ += bytes;
    return bytes;
  }
  int64_t consumed() const override { return static_cast<int64_t>(at_); }

 private:
  std::string text_;
  std::size_t step_;
  std::optional<Error> failure_;
  std::size_t at_ = 0;
};

std::string QdmText(const TickBatch& ticks, int decimals) {
  std::string text(CsvHeader(!ticks.volume.empty()));
  AppendCsvRows(ticks, {.decimals = decimals, .with_volume = !ticks.volume.empty()}, &text);
  return text;
}

std::unique_ptr<TickReader> OpenText(std::string text, CsvReadOptions options) {
  auto chunks = CsvChunkReader::Open(std::make_unique<ScriptedStream>(std::move(text), 7'777),
                                     "a.csv", std::move(options));
  EXPECT_OK(chunks);
  return std::make_unique<CsvTickReader>(std::move(chunks).value());
}

CsvReadOptions WithVolumes(std::size_t chunk_bytes) {
  CsvReadOptions options;
  options.with_volumes = true;
  options.chunk_bytes = chunk_bytes;
  return options;
}

TickReaderCase CaseOf(const std::string& name, std::size_t chunk_bytes) {
  TickReaderCase made;
  made.name = name;
  made.make = [chunk_bytes](const TickBatch& ticks) {
    return OpenText(QdmText(ticks, 5), WithVolumes(chunk_bytes));
  };
  made.traits.time_step_ns = kNanosPerMilli;
  made.traits.single_volume = true;
  return made;
}

INSTANTIATE_TEST_SUITE_P(Csv, TickReaderContract,
                         ::testing::Values(CaseOf("Plain", 1 << 20), CaseOf("SmallChunks", 100)),
                         TickReaderCaseName);

struct Seen {
  std::vector<std::string> rejects;
  TickBatch rows;
  Status status;
};

Seen ReadText(std::string text, CsvReadOptions options, std::size_t step = 100,
              std::optional<Error> failure = {}) {
  Seen seen;
  options.on_reject = [&seen](const RejectedRow& row) -> Status {
    seen.rejects.push_back(std::to_string(row.line) + ": " + row.reason);
    return {};
  };
  auto chunks = CsvChunkReader::Open(
      std::make_unique<ScriptedStream>(std::move(text), step, std::move(failure)), "a.csv",
      std::move(options));
  if (!chunks) {
    seen.status = Fail(chunks.error());
    return seen;
  }
  CsvTickReader reader(std::move(chunks).value());
  TickBatch batch;
  while (true) {
    const auto more = reader.Next(&batch);
    if (!more) seen.status = Fail(more.error());
    if (!more || !*more) return seen;
    seen.rows.AppendRows(batch, 0, batch.size());
  }
}

CsvReadOptions Forced(CsvDialect dialect, std::size_t chunk_bytes) {
  CsvReadOptions options;
  options.dialect = dialect;
  options.chunk_bytes = chunk_bytes;
  return options;
}

TEST(CsvChunkReader, NumbersRejectedLinesOverTheWholeFile) {
  std::string text = "DateTime,Bid,Ask,Volume\n";
  for (int i = 0; i < 100; ++i) {
    text += i % 10 == 9 ? "bad\n" : "20210104 05:50:00.252,1.22531,1.22534,3.37\n";
  }
  for (const std::size_t chunk : {20, 64, 100, 1'000, 1'000'000}) {
    const Seen seen = ReadText(text, Forced(CsvDialect::kQuantDataManager, chunk), 33);
    ASSERT_OK(seen.status);
    EXPECT_EQ(seen.rows.size(), 90u);
    ASSERT_EQ(seen.rejects.size(), 10u);
    EXPECT_EQ(seen.rejects[0], "11: 1 columns instead of 4");
    EXPECT_EQ(seen.rejects[9], "101: 1 columns instead of 4");
  }
}

TEST(CsvChunkReader, RejectsAnEndlessLineWithoutBufferingIt) {
  const std::string row = "20210104 05:50:00.252,1.22531,1.22534,3.37\n";
  const std::string text =
      row + std::string(5'000'000, 'x') + "\n" + row + "\n" + std::string(3'000'000, 'y');
  const Seen seen = ReadText(text, Forced(CsvDialect::kQuantDataManager, 4'096), 100'000);
  ASSERT_OK(seen.status);
  EXPECT_EQ(seen.rows.size(), 2u);
  EXPECT_THAT(seen.rejects,
              ::testing::ElementsAre("2: line longer than 1 MiB", "5: line longer than 1 MiB"));
  const Seen at_once = ReadText(text, Forced(CsvDialect::kQuantDataManager, 16 << 20), 1 << 20);
  EXPECT_EQ(at_once.rejects, seen.rejects) << "the size of the chunks changes nothing";
}

TEST(CsvChunkReader, HandsOutWholeLinesBeforeTheStreamFails) {
  const std::string row = "20210104 05:50:00.252,1.22531,1.22534,3.37\n";
  const Error failure{ErrorKind::kCorrupt, "a.csv: gzip: cut at offset 9"};
  const Seen seen = ReadText(row + row + row.substr(0, 20),
                             Forced(CsvDialect::kQuantDataManager, 1'000), 7, failure);
  EXPECT_EQ(seen.rows.size(), 2u);
  EXPECT_THAT(seen.rejects, ::testing::IsEmpty()) << "the row was cut by the damage, not the file";
  EXPECT_THAT(seen.status, IsError(ErrorKind::kCorrupt));
}

TEST(CsvChunkReader, StopsWhenTheSinkSaysSo) {
  CsvReadOptions options = Forced(CsvDialect::kQuantDataManager, 1'000);
  options.on_reject = [](const RejectedRow& row) {
    return Status(Fail(ErrorKind::kCorrupt, "line " + std::to_string(row.line)));
  };
  auto chunks = CsvChunkReader::Open(std::make_unique<ScriptedStream>("bad\nbad\n", 3), "a.csv",
                                     std::move(options));
  ASSERT_OK(chunks);
  ParsedCsv parsed;
  EXPECT_THAT((*chunks)->Next(&parsed), HasErrorMessage("line 1"));
  EXPECT_THAT((*chunks)->Next(&parsed), HasErrorMessage("line 1"));
}

TEST(CsvChunkReader, FindsTheDialectAndNamesTheFileWhenItCannot) {
  const Seen found = ReadText("EUR/USD,20211101 19:07:40.498,1.16034,1.16037\n", {});
  ASSERT_OK(found.status);
  EXPECT_EQ(found.rows.size(), 1u);
  const Seen strange = ReadText("name,age\n", {});
  EXPECT_THAT(strange.status, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(strange.status, HasErrorMessage("a.csv: "));
  EXPECT_THAT(ReadText("", {}).status, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(ReadText(std::string(100, '\0'), {}).status, IsError(ErrorKind::kUnsupported));
  EXPECT_OK(ReadText("DateTime,Bid,Ask,Volume\n", {}).status) << "a header alone is an empty file";
}

TEST(CsvChunkReader, TakesAnEmptyFileOfAForcedDialect) {
  const Seen seen = ReadText("", Forced(CsvDialect::kIso, 100));
  ASSERT_OK(seen.status);
  EXPECT_EQ(seen.rows.size(), 0u);
}

TEST(CsvChunkReader, UnpacksWhatIsPackedWhateverItsName) {
  const std::string text = "DateTime,Bid,Ask,Volume\n20210104 05:50:00.252,1.22531,1.22534,3.37\n";
  std::string packed(compressBound(text.size()) + 64, '\0');
  z_stream zlib = {};
  ASSERT_EQ(deflateInit2(&zlib, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zlib.avail_in = static_cast<unsigned>(text.size());
  zlib.next_out = reinterpret_cast<Bytef*>(packed.data());
  zlib.avail_out = static_cast<unsigned>(packed.size());
  ASSERT_EQ(deflate(&zlib, Z_FINISH), Z_STREAM_END);
  packed.resize(zlib.total_out);
  deflateEnd(&zlib);
  auto fs = MakeMemoryFileSystem();
  ASSERT_OK(fs->WriteWhole("a.csv", packed));
  ASSERT_OK_AND_ASSIGN(auto file, fs->OpenRead("a.csv"));
  ASSERT_OK_AND_ASSIGN(auto reader, OpenCsvTicks(std::move(file), {}));
  ASSERT_OK_AND_ASSIGN(const TickBatch ticks, ReadAll(*reader));
  ASSERT_EQ(ticks.size(), 1u);
  EXPECT_EQ(ticks.bid[0], 1.22531);
  EXPECT_EQ(reader->chunks().consumed(), static_cast<int64_t>(packed.size()));
}

TEST(CsvChunkReader, KeepsTheVolumeColumnsOfTheFirstHeader) {
  const std::string text =
      "DateTime,Bid,Ask,Volume\n20210104 05:50:00.252,1,2,3\n"
      "DateTime,Bid,Ask\n20210104 05:50:01.252,1,2\n";
  CsvReadOptions options = Forced(CsvDialect::kQuantDataManager, 32);
  options.with_volumes = true;
  const Seen seen = ReadText(text, options);
  ASSERT_OK(seen.status);
  ASSERT_EQ(seen.rows.volume.size(), 2u);
  EXPECT_EQ(seen.rows.volume[0], 3);
  EXPECT_TRUE(seen.rows.volume[1] != seen.rows.volume[1]) << "NaN where the rows have none";
}

TEST(CsvChunkReader, ReadsTheRealSample) {
  auto fs = MakeLocalFileSystem();
  const std::string path = "../shared/data/csv/truefx-usdjpy-2013-01-01.csv";
  if (!fs->Exists(path).value_or(false)) GTEST_SKIP() << "the shared data is not here";
  ASSERT_OK_AND_ASSIGN(auto file, fs->OpenRead(path));
  ASSERT_OK_AND_ASSIGN(auto reader, OpenCsvTicks(std::move(file), {}));
  ASSERT_OK_AND_ASSIGN(const TickBatch ticks, ReadAll(*reader));
  ASSERT_EQ(ticks.size(), 1'000u);
  EXPECT_EQ(reader->chunks().rejected(), 0);
  EXPECT_EQ(FormatUtc(FromNanos(ticks.time_ns[0])), "2013-01-01T22:00:00.295Z");
  EXPECT_EQ(ticks.bid[0], 86.655);
  EXPECT_EQ(ticks.ask[3], 86.728);
}

}  // namespace
}  // namespace tickhouse::io
