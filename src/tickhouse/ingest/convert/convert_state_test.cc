#include "tickhouse/ingest/convert/convert_state.h"

#include <fmt/format.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::ingest {
namespace {

using ::testing::SizeIs;

DoneRecord Record(const std::string& item, const std::string& content = "c0ffee") {
  DoneRecord record;
  record.item = item;
  record.options = "o";
  record.bytes = 10;
  record.stamp = "10:1";
  record.content = content;
  record.started_ns = 5;
  record.rows = 3;
  record.rejected = 1;
  record.outputs = {{item + "_chunk_000.parquet", 99}};
  return record;
}

class ConvertStateTest : public ::testing::Test {
 protected:
  std::unique_ptr<ConvertState> Open() {
    auto state = ConvertState::Open(*files_, "out");
    EXPECT_OK(state);
    return state ? std::move(*state) : nullptr;
  }
  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
};

TEST_F(ConvertStateTest, RemembersWhatWasFlushed) {
  {
    auto state = Open();
    ASSERT_OK(state->Add(Record("a b\nc")));
    ASSERT_OK(state->Add(Record("\xFF\xFE raw")));
    ASSERT_OK(state->Add(Record("hex:41")));
    ASSERT_OK(state->Flush());
  }
  auto state = Open();
  for (const std::string name : {"a b\nc", "\xFF\xFE raw", "hex:41"}) {
    const DoneRecord* record = state->FindItem(name);
    ASSERT_NE(record, nullptr) << name;
    EXPECT_EQ(record->item, name);
    EXPECT_EQ(record->content, "c0ffee");
    EXPECT_EQ(record->rows, 3);
    EXPECT_EQ(record->rejected, 1);
    ASSERT_THAT(record->outputs, SizeIs(1));
    EXPECT_EQ(record->outputs[0].path, name + "_chunk_000.parquet");
    EXPECT_EQ(record->outputs[0].size, 99);
  }
  EXPECT_EQ(state->FindItem("other"), nullptr);
}

TEST_F(ConvertStateTest, TheNewestRecordOfANameCounts) {
  {
    auto state = Open();
    ASSERT_OK(state->Add(Record("a", "old")));
    const DoneRecord* before = state->FindItem("a");
    ASSERT_OK(state->Add(Record("a", "new")));
    EXPECT_EQ(before->content, "old") << "what was handed out stays";
    EXPECT_EQ(state->FindItem("a")->content, "new");
    ASSERT_OK(state->Flush());
  }
  auto state = Open();
  EXPECT_EQ(state->FindItem("a")->content, "new");
  EXPECT_EQ(state->FindContent("old", "o"), nullptr);
  EXPECT_NE(state->FindContent("new", "o"), nullptr);
  EXPECT_EQ(state->FindContent("new", "other options"), nullptr);
}

TEST_F(ConvertStateTest, KnowsWhichSizesAreWorthHashing) {
  auto state = Open();
  ASSERT_OK(state->Add(Record("a")));
  EXPECT_TRUE(state->MayKnow(10, "o"));
  EXPECT_FALSE(state->MayKnow(11, "o"));
  EXPECT_FALSE(state->MayKnow(10, "p"));
}

TEST_F(ConvertStateTest, WritesInGroups) {
  {
    auto state = Open();
    for (std::size_t i = 0; i < ConvertState::kGroup + 1; ++i) {
      ASSERT_OK(state->Add(Record(fmt::format("item {}", i))));
    }
  }  // Killed: the last one was not flushed.
  auto state = Open();
  EXPECT_NE(state->FindItem(fmt::format("item {}", ConvertState::kGroup - 1)), nullptr);
  EXPECT_EQ(state->FindItem(fmt::format("item {}", ConvertState::kGroup)), nullptr);
}

TEST_F(ConvertStateTest, ForeignRecordsNameTheWayOut) {
  {
    ASSERT_OK_AND_ASSIGN(auto journal,
                         io::Journal::Open(*files_, "out/.tickhouse/convert.journal"));
    ASSERT_OK(journal->Append("{\"item\": 5}\n"));
  }
  const auto state = ConvertState::Open(*files_, "out");
  EXPECT_THAT(state, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(state, HasErrorMessage("remove out/.tickhouse/convert.journal"));
}

TEST(OptionsFingerprintTest, ChangesWithEverythingThatChangesTheOutput) {
  ConvertItem item;
  item.symbol = "EURUSD";
  const ConvertOptions plain;
  const std::string base = OptionsFingerprint(item, plain);
  ConvertOptions same = plain;
  same.strict = true;
  same.threads = 7;
  same.program = "other";
  EXPECT_EQ(OptionsFingerprint(item, same), base);

  ConvertOptions volume = plain;
  volume.keep_volume = true;
  ConvertOptions chunk = plain;
  chunk.chunk_bytes = 1000;
  ConvertOptions zone = plain;
  zone.source_zone = Zone::FixedOffset(std::chrono::hours(2));
  ConvertOptions dialect = plain;
  dialect.dialect = io::CsvDialect::kMetaTrader5;
  for (const ConvertOptions& changed : {volume, chunk, zone, dialect}) {
    EXPECT_NE(OptionsFingerprint(item, changed), base);
  }
  ConvertItem other = item;
  other.symbol = "GBPJPY";
  EXPECT_NE(OptionsFingerprint(other, plain), base);
}

TEST(SourceStampTest, SeesSizeAndTimeOfEverySource) {
  ConvertItem item;
  item.kind = InputKind::kBi5;
  item.sources = {{"p", "r", 10, 1, 100}, {"q", "s", 20, 2, 200}};
  const std::string base = SourceStamp(item);
  ConvertItem touched = item;
  touched.sources[1].modified_ns = 3;
  ConvertItem grown = item;
  grown.sources[0].size = 11;
  ConvertItem fewer = item;
  fewer.sources.pop_back();
  for (const ConvertItem& changed : {touched, grown, fewer}) {
    EXPECT_NE(SourceStamp(changed), base);
  }
}

}  // namespace
}  // namespace tickhouse::ingest
