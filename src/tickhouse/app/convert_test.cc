#include "tickhouse/app/convert.h"

#include <nlohmann/json.hpp>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::app {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr std::string_view kText =
    "DateTime,Bid,Ask,Volume\n20210104 05:50:00.252,1.22531,1.22534,3.37\n";

class ConvertUseCaseTest : public ::testing::Test {
 protected:
  ConvertUseCaseTest() {
    environment_.files = files_.get();
    environment_.clock = &clock_;
    environment_.threads = 2;
    request_.in = "raw";
    request_.out = "out";
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ManualClock clock_{FromNanos(1'700'000'000 * kNanosPerSecond)};
  Environment environment_;
  ConvertRequest request_;
};

TEST_F(ConvertUseCaseTest, CountsAndOutputs) {
  ASSERT_OK(files_->WriteWhole("raw/EURUSD/a.csv", kText));
  ASSERT_OK(files_->WriteWhole("raw/notes.md", "x"));
  ASSERT_OK_AND_ASSIGN(const RunReport report, Convert(environment_, request_));
  EXPECT_EQ(report.Count("converted"), 1);
  EXPECT_EQ(report.Count("rows"), 1);
  EXPECT_EQ(report.Count("ignored_files"), 1);
  EXPECT_EQ(report.Count("source_bytes"), static_cast<int64_t>(kText.size()));
  EXPECT_THAT(report.outputs, ElementsAre("out/EURUSD/a_chunk_000.parquet"));
  EXPECT_EQ(report.ExitCode(), 0);
  EXPECT_THAT(report.text, HasSubstr("converted 1 of 1: 1 rows"));
  ASSERT_OK_AND_ASSIGN(const RunReport again, Convert(environment_, request_));
  EXPECT_EQ(again.Count("skipped"), 1);
  EXPECT_THAT(again.text, HasSubstr("skipped 1"));
}

TEST_F(ConvertUseCaseTest, EveryFailedItemIsAProblem) {
  ASSERT_OK(files_->WriteWhole("raw/EURUSD/a.csv", std::string(kText) + "bad\n"));
  ASSERT_OK(files_->WriteWhole("raw/EURUSD/b.csv", ""));
  ASSERT_OK(files_->WriteWhole("raw/EURUSD/c.csv", "what is this\n"));
  ASSERT_OK_AND_ASSIGN(const RunReport report, Convert(environment_, request_));
  ASSERT_THAT(report.problems, SizeIs(3));
  EXPECT_EQ(report.problems[0].kind, "rejected-rows");
  EXPECT_THAT(report.problems[0].message, HasSubstr("out/EURUSD/a.rejects.csv"));
  EXPECT_EQ(report.problems[1].kind, "empty");
  EXPECT_EQ(report.problems[2].kind, "unsupported");
  EXPECT_FALSE(report.problems[2].message.starts_with("EURUSD/c.csv")) << "named once";
  EXPECT_EQ(report.ExitCode(), 1);
}

TEST_F(ConvertUseCaseTest, WrongWordsAreWrongUsage) {
  ASSERT_OK(files_->WriteWhole("raw/EURUSD/a.csv", kText));
  const auto fails_with = [&](auto change) {
    ConvertRequest request = request_;
    change(&request);
    EXPECT_THAT(Convert(environment_, request), IsError(ErrorKind::kInvalidArgument));
  };
  fails_with([](ConvertRequest* request) { request->dialect = "excel"; });
  fails_with([](ConvertRequest* request) { request->source_zone = "Mars"; });
  fails_with([](ConvertRequest* request) { request->chunk_size = "0"; });
  fails_with([](ConvertRequest* request) { request->engine = "hadoop"; });
  fails_with([](ConvertRequest* request) { request->engine = "spark"; });
}

TEST(ParseByteSizeTest, DecimalAndBinaryUnits) {
  EXPECT_EQ(ParseByteSize("500MB").value_or(0), 500'000'000);
  EXPECT_EQ(ParseByteSize("2MiB").value_or(0), 2'097'152);
  EXPECT_EQ(ParseByteSize("1.5GB").value_or(0), 1'500'000'000);
  EXPECT_EQ(ParseByteSize("1000").value_or(0), 1000);
  for (const char* text : {"", "MB", "-1MB", "0", "1XB", "1 MB", "nan", "1e30GB", "inf"}) {
    EXPECT_THAT(ParseByteSize(text), IsError(ErrorKind::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace tickhouse::app
