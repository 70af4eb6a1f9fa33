#include "tickhouse/app/demo/demo.h"

#include <set>

#include "tickhouse/app/demo/demo_page.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/test_folder.h"

namespace tickhouse::app {
namespace {

using testing::HasSubstr;
using testing::Not;

class DemoTest : public testing::Test {
 protected:
  DemoTest() {
    environment_.files = files_.get();
    environment_.clock = &clock_;
    environment_.progress = &silent_;
    environment_.threads = 2;
    request_.out = Path("out");
    request_.symbols = {"EURUSD"};
    request_.days = 1;
  }

  std::string Path(const std::string& name) const { return folder_.File(name); }

  io::TemporaryFolder folder_;  // SQLite and DuckDB read the disk themselves.
  std::unique_ptr<io::FileSystem> files_ = io::MakeLocalFileSystem();
  ManualClock clock_{UtcTime()};
  SilentProgress silent_;
  Environment environment_;
  DemoRequest request_;
};

TEST_F(DemoTest, EndsWithThePageAndRowsThatAddUp) {
  ASSERT_OK_AND_ASSIGN(const RunReport run, Demo(request_, environment_));
  EXPECT_TRUE(run.problems.empty()) << run.problems[0].message;
  ASSERT_FALSE(run.outputs.empty());
  EXPECT_EQ(run.outputs[0], Path("out/report.html"));
  ASSERT_OK_AND_ASSIGN(const std::string page, files_->ReadWhole(Path("out/report.html")));
  EXPECT_THAT(page, HasSubstr("EURUSD: ticks per day and trading window"));
  EXPECT_THAT(page, Not(HasSubstr("differs")));
  EXPECT_THAT(page, HasSubstr("select &#39;gold.eurusd&#39;")) << "the statement that was run";
  EXPECT_THAT(run.text, HasSubstr("report: " + Path("out/report.html")));
}

// It left raw/EURUSD, parquet/EURUSD and clean/.tickhouse behind, with nothing in them.
TEST_F(DemoTest, HandsOverTheFoldersThatMayBeEmpty) {
  std::set<std::string> handed;
  request_.remove_empty_folders = [&](const std::string& folder) {
    handed.insert(folder.substr(folder_.path().size() + 1));
    return Status();
  };
  ASSERT_OK(Demo(request_, environment_));
  EXPECT_THAT(handed, testing::ElementsAre("out/clean", "out/incoming", "out/lakehouse",
                                           "out/parquet", "out/raw", "out/stats"));
  handed.clear();
  request_.in = Path("mine");
  request_.out = Path("other");
  ASSERT_OK(files_->WriteWhole(Path("mine/EURUSD/a.csv"), "20240108 07:51:00.000,1.1,1.2,1\n"));
  ASSERT_OK(Demo(request_, environment_));
  EXPECT_THAT(handed, testing::ElementsAre("other/clean", "other/incoming", "other/lakehouse",
                                           "other/parquet", "other/stats"));
}

TEST_F(DemoTest, RefusesAFolderOfSomethingElse) {
  ASSERT_OK(files_->WriteWhole(Path("out/mine.txt"), "x"));
  EXPECT_THAT(Demo(request_, environment_), IsError(ErrorKind::kInvalidArgument));
  EXPECT_EQ(*files_->ReadWhole(Path("out/mine.txt")), "x");
}

TEST_F(DemoTest, RefusesAnOutputInsideItsInput) {
  const std::pair<const char*, const char*> pairs[] = {
      {"raw", "raw/out"}, {"raw", "raw"}, {"./raw/", "raw/out"}, {".", "out"}, {"raw", "./raw"}};
  for (const auto& [in, out] : pairs) {
    request_.in = in;
    request_.out = out;
    EXPECT_THAT(Demo(request_, environment_), HasErrorMessage("lies in")) << in << " " << out;
  }
}

TEST(DemoPageTest, ShowsChecksThatFailAndProblems) {
  DemoFacts facts;
  facts.checks = {{"ticks converted = ticks scanned", 10, 9}};
  facts.problems = {{"convert: <a>.csv", "corrupt", "line 3"}};
  facts.labels_csv =
      "symbol,kind,begin,end,first_row,rows,size\nEURUSD,gap,2021-01-01,2021-01-02,7,0,1800\n";
  const std::string page = report::RenderHtml(MakeDemoPage(facts));
  EXPECT_THAT(page, HasSubstr("differs"));
  EXPECT_THAT(page, HasSubstr("convert: &lt;a&gt;.csv"));
  EXPECT_THAT(page, HasSubstr("<td>gap</td>"));
}

}  // namespace
}  // namespace tickhouse::app
