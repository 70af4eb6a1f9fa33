#include "tickhouse/ingest/convert/text_blocks.h"

#include <fmt/format.h>

#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::ingest {
namespace {

using ::testing::ElementsAre;

struct Piece {
  std::string text;
  int64_t chunk;
  bool is_first;
};

class TextBlocksTest : public ::testing::Test {
 protected:
  Result<std::vector<Piece>> Read(const std::string& text, int64_t chunk_bytes,
                                  std::size_t block_bytes) {
    TICKHOUSE_TRY(files_->WriteWhole("a.csv", text));
    TICKHOUSE_ASSIGN(auto reader,
                     TextBlockReader::Open(*files_, "a.csv", {chunk_bytes, block_bytes}));
    TextBlock block;
    std::vector<Piece> pieces;
    while (true) {
      TICKHOUSE_ASSIGN(const bool more, reader->Next(&block));
      if (!more) break;
      pieces.push_back({std::string(block.text()), block.chunk(), block.is_first()});
    }
    EXPECT_EQ(reader->consumed(), static_cast<int64_t>(text.size()));
    return pieces;
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
};

std::string Lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("line {} {}\n", i, std::string(i % 37, 'x'));
  return text;
}

TEST_F(TextBlocksTest, TogetherTheyAreTheFileWhateverTheCut) {
  const std::string text = Lines(5000) + "last without end";
  for (const std::size_t block_bytes : {1, 10, 1000, 4096, 70'000, 1'000'000}) {
    ASSERT_OK_AND_ASSIGN(const auto pieces, Read(text, 1'000'000'000, block_bytes));
    std::string joined;
    for (const Piece& piece : pieces) {
      EXPECT_EQ(piece.is_first, joined.empty());
      joined += piece.text;
      EXPECT_TRUE(piece.text.back() == '\n' || joined.size() == text.size());
    }
    EXPECT_EQ(joined, text) << block_bytes;
  }
}

TEST_F(TextBlocksTest, ALineBelongsToTheChunkInWhichItStarts) {
  // Bytes 0..3, 4..7, 8..11, 12..13
  ASSERT_OK_AND_ASSIGN(const auto pieces, Read("aaa\nbbb\nccc\nd\n", 8, 100));
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].text, "aaa\nbbb\n");
  EXPECT_EQ(pieces[0].chunk, 0);
  EXPECT_EQ(pieces[1].text, "ccc\nd\n");
  EXPECT_EQ(pieces[1].chunk, 1);
  ASSERT_OK_AND_ASSIGN(const auto crossing, Read("aaa\nbbb\nccc\nd\n", 7, 100));
  EXPECT_EQ(crossing[0].text, "aaa\nbbb\n");
  EXPECT_EQ(crossing[1].chunk, 1);
}

TEST_F(TextBlocksTest, ChunksDoNotDependOnBlocks) {
  const std::string text = Lines(3000);
  std::vector<std::string> expected;
  for (const std::size_t block_bytes : {3, 100, 5000, 1'000'000}) {
    ASSERT_OK_AND_ASSIGN(const auto pieces, Read(text, 20'000, block_bytes));
    std::vector<std::string> chunks;
    for (const Piece& piece : pieces) {
      if (chunks.size() <= static_cast<std::size_t>(piece.chunk)) chunks.resize(piece.chunk + 1);
      chunks[static_cast<std::size_t>(piece.chunk)] += piece.text;
    }
    if (expected.empty()) expected = chunks;
    EXPECT_EQ(chunks, expected) << block_bytes;
  }
  EXPECT_GT(expected.size(), 2u);
}

TEST_F(TextBlocksTest, ALineLongerThanAChunkLeavesAGapInTheChunks) {
  const std::string text = std::string(50, 'y') + "\nshort\n";
  ASSERT_OK_AND_ASSIGN(const auto pieces, Read(text, 10, 100));
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].chunk, 0);
  EXPECT_EQ(pieces[1].chunk, 5);
  EXPECT_EQ(pieces[1].text, "short\n");
}

TEST_F(TextBlocksTest, EmptyFileHasNoBlock) {
  ASSERT_OK_AND_ASSIGN(const auto pieces, Read("", 10, 10));
  EXPECT_TRUE(pieces.empty());
}

TEST_F(TextBlocksTest, HeadIsTheBeginning) {
  const std::string text = Lines(20'000);
  ASSERT_OK(files_->WriteWhole("a.csv", text));
  ASSERT_OK_AND_ASSIGN(auto reader, TextBlockReader::Open(*files_, "a.csv", {}));
  EXPECT_EQ(reader->head(), std::string_view(text).substr(0, 65'536));
  EXPECT_FALSE(reader->is_packed());
  EXPECT_EQ(reader->file_bytes(), static_cast<int64_t>(text.size()));
}

TEST_F(TextBlocksTest, ALineWithoutEndIsNotCsv) {
  const std::string text(TextBlockReader::kLongestLine + 300'000, 'z');
  EXPECT_THAT(Read(text, 1'000'000'000, 1000), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Read(text, 1'000'000'000, 1000), HasErrorMessage("a.csv"));
}

}  // namespace
}  // namespace tickhouse::ingest
