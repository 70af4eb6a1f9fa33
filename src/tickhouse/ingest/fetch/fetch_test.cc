#include "tickhouse/ingest/fetch/fetch.h"

#include <map>

#include "tickhouse/core/testing.h"
#include "tickhouse/ingest/fetch/fetch_manifest.h"
#include "tickhouse/ingest/fetch/hour_content.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_hour.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/net/faulty_http_client.h"
#include "tickhouse/io/net/scripted_http_client.h"
#include "tickhouse/lineage/sha256.h"

namespace tickhouse::ingest {
namespace {

using io::HttpRequest;
using io::HttpResponse;

UtcTime At(const char* text) {
  const auto time = ParseUtc(text);
  EXPECT_OK(time);
  return *time;
}

int64_t Hour(const char* text) {
  return ToNanos(At(text));
}

std::vector<io::Bi5Record> SomeRecords(uint32_t points, float volume = 0.9f) {
  std::vector<io::Bi5Record> records;
  for (uint32_t i = 0; i < 50; ++i) {
    records.push_back({i * 70'000, points + i % 7 + 12, points + i % 7, volume, 2 * volume});
  }
  return records;
}

// A feed in memory: what it answers for an address, 200 for every hour unless a test says
// otherwise.
class FetchTest : public testing::Test {
 protected:
  FetchTest() {
    request.symbols = {"EURUSD"};
    request.range = UtcRange{At("2019-02-04T10:00"), At("2019-02-04T16:00")};
    request.root = "http://feed";
    request.threads = 1;
  }

  std::string Url(const char* hour) const {
    Instrument instrument;
    instrument.symbol = "EURUSD";
    instrument.code = "EUR-USD";
    return HourUrl(request.feed, request.root, instrument, Hour(hour));
  }

  static std::string JsonHour(const char* hour, uint32_t points = 114'000, float volume = 0.9f) {
    const auto records = SomeRecords(points, volume);
    return io::FormatDukascopyHour(io::FromBi5Records(records, Hour(hour), 5));
  }

  // Fills every hour of the day with ticks.
  void ServeDay() {
    for (int hour = 0; hour < 24; ++hour) {
      const std::string text =
          "2019-02-04T" + std::string(hour < 10 ? "0" : "") + std::to_string(hour) + ":00";
      answers[Url(text.c_str())] =
          HttpResponse{200, {}, JsonHour(text.c_str(), 114'000 + static_cast<uint32_t>(hour) * 10)};
    }
  }

  Result<FetchSummary> Run() {
    FetchContext context{files.get(), &http, &clock, &progress, cancel};
    return RunFetch(request, context);
  }
  Result<FetchSummary> Verify() {
    FetchContext context{files.get(), &http, &clock, &progress, cancel};
    return RunFetchVerify(request, context);
  }

  HourRecord Record(const char* hour, const std::string& symbol = "EURUSD") {
    auto manifest = FetchManifest::Open(*files, FetchFolder("raw", symbol));
    EXPECT_OK(manifest);
    return (*manifest)->Find(request.feed, Hour(hour)).value_or(HourRecord{});
  }
  std::string File(const char* hour) const {
    return "raw/" + HourFile(request.feed, "EURUSD", Hour(hour));
  }
  bool Exists(const std::string& path) { return files->Exists(path).value_or(false); }
  std::string Content(const std::string& path) { return files->ReadWhole(path).value_or("?"); }
  // The manifest without when each hour was fetched, a line a time.
  std::vector<std::string> Manifest() {
    std::vector<std::string> lines;
    std::string text = Content("raw/EURUSD/.fetch/manifest.csv");
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = text.find('\n', begin);
      std::string line = text.substr(begin, end - begin);
      const std::size_t time = line.find("2019-03-01T");
      if (time != line.npos) line.erase(time, line.find(',', time) - time);
      lines.push_back(line);
      begin = end + 1;
    }
    return lines;
  }
  std::size_t asked() const { return http.requests().size(); }

  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
  ManualClock clock{At("2019-03-01")};
  SilentProgress progress;
  CancelToken cancel;
  FetchRequest request;
  std::map<std::string, HttpResponse> answers;
  io::ScriptedHttpClient http{[this](const HttpRequest& asked_for) -> Result<HttpResponse> {
    const auto found = answers.find(asked_for.url);
    if (found == answers.end()) return HttpResponse{404, {}, ""};
    return found->second;
  }};
};

TEST_F(FetchTest, EveryHourEndsInOneNamedState) {
  ServeDay();
  request.range = UtcRange{At("2019-02-01T20:00"), At("2019-02-04T16:00")};  // From a Friday on.
  answers[Url("2019-02-04T11:00")].body =
      io::FormatDukascopyHour(io::FromBi5Records({}, Hour("2019-02-04T11:00"), 5));
  answers[Url("2019-02-04T12:00")] = HttpResponse{403, {}, ""};
  answers[Url("2019-02-04T13:00")].body = "<html>sorry</html>";
  answers.erase(Url("2019-02-04T14:00"));
  ASSERT_OK_AND_ASSIGN(const FetchSummary summary, Run());
  ASSERT_EQ(summary.symbols.size(), 1u);
  const auto& hours = summary.symbols[0].hours;
  EXPECT_EQ(hours.at(HourState::kTicks), 12);
  EXPECT_EQ(hours.at(HourState::kProvenEmpty), 1);
  EXPECT_EQ(hours.at(HourState::kClosedMarket), 48);
  // Two on Friday evening and two on Sunday evening, which this feed does not hold, and the one
  // above.
  EXPECT_EQ(hours.at(HourState::kMissingAtSource), 5);
  EXPECT_EQ(hours.at(HourState::kRefused), 1);
  EXPECT_EQ(hours.at(HourState::kCorrupt), 1);
  int64_t all = 0;
  for (const auto& [state, count] : hours) all += count;
  EXPECT_EQ(all, 68);
  EXPECT_EQ(summary.symbols[0].ticks, 12 * 50);
}

TEST_F(FetchTest, KeepsTheBytesAsTheyCameAndTheirHash) {
  ServeDay();
  ASSERT_OK(Run());
  const std::string body = answers[Url("2019-02-04T10:00")].body;
  EXPECT_EQ(Content(File("2019-02-04T10:00")), body);
  const HourRecord record = Record("2019-02-04T10:00");
  EXPECT_EQ(record.state, HourState::kTicks);
  EXPECT_EQ(record.sha256, lineage::Sha256Of(body));
  EXPECT_EQ(record.bytes, static_cast<int64_t>(body.size()));
  EXPECT_EQ(record.source, "http://feed/ticks/EUR-USD/2019/2/4/10");
  EXPECT_EQ(record.fetched_ns, ToNanos(clock.Now()));
}

TEST_F(FetchTest, CompleteHoursAreNotAskedForAgain) {
  ServeDay();
  ASSERT_OK(Run());
  EXPECT_EQ(asked(), 6u);
  ASSERT_OK_AND_ASSIGN(const FetchSummary again, Run());
  EXPECT_EQ(asked(), 6u);
  EXPECT_EQ(again.symbols[0].present, 6);
  EXPECT_EQ(again.symbols[0].asked, 0);
  EXPECT_EQ(again.symbols[0].ticks, 300);
}

TEST_F(FetchTest, ClosedHoursAreAskedForOnlyOnRequest) {
  request.range = UtcRange{At("2019-02-02T10:00"), At("2019-02-02T12:00")};  // A Saturday.
  ASSERT_OK(Run());
  EXPECT_EQ(asked(), 0u);
  EXPECT_EQ(Record("2019-02-02T10:00").state, HourState::kClosedMarket);
  request.ask_closed = true;
  ASSERT_OK(Run());
  EXPECT_EQ(asked(), 2u);
  EXPECT_EQ(Record("2019-02-02T10:00").state, HourState::kMissingAtSource);
}

TEST_F(FetchTest, TheRunningHourIsNeverStored) {
  ServeDay();
  clock.JumpTo(At("2019-02-04T12:30"));
  ASSERT_OK_AND_ASSIGN(FetchSummary summary, Run());
  EXPECT_EQ(summary.symbols[0].running.size(), 4u);
  EXPECT_EQ(summary.symbols[0].hours.at(HourState::kTicks), 2);
  EXPECT_FALSE(Exists(File("2019-02-04T12:00")));
  clock.JumpTo(At("2019-02-04T13:30"));
  ASSERT_OK(Run());
  EXPECT_TRUE(Exists(File("2019-02-04T12:00")));
  EXPECT_EQ(asked(), 3u);
}

TEST_F(FetchTest, RefusedHoursAreAskedAgainMissingAndCorruptOnesOnRepair) {
  ServeDay();
  answers[Url("2019-02-04T10:00")] = HttpResponse{403, {}, ""};
  answers.erase(Url("2019-02-04T11:00"));
  answers[Url("2019-02-04T12:00")].body = "{}";
  ASSERT_OK_AND_ASSIGN(FetchSummary summary, Run());
  EXPECT_EQ(summary.problems.size(), 2u);
  ServeDay();
  ASSERT_OK_AND_ASSIGN(summary, Run());
  EXPECT_EQ(summary.symbols[0].asked, 1);
  EXPECT_EQ(summary.symbols[0].hours.at(HourState::kTicks), 4);
  request.repair = true;
  ASSERT_OK_AND_ASSIGN(summary, Run());
  EXPECT_EQ(summary.symbols[0].asked, 2);
  EXPECT_EQ(summary.symbols[0].hours.at(HourState::kTicks), 6);
  EXPECT_TRUE(summary.problems.empty());
}

TEST_F(FetchTest, CorruptBytesLieInQuarantineWithTheReason) {
  ServeDay();
  answers[Url("2019-02-04T12:00")].body = "{\"cut\":";
  ASSERT_OK_AND_ASSIGN(const FetchSummary summary, Run());
  EXPECT_FALSE(Exists(File("2019-02-04T12:00")));
  const std::string aside = "raw/EURUSD/.fetch/quarantine/EURUSD_2019-02-04T12Z.json.quarantined";
  EXPECT_EQ(Content(aside), "{\"cut\":");
  EXPECT_NE(Content(aside + ".reason.txt").find("no JSON object"), std::string::npos);
  ASSERT_EQ(summary.problems.size(), 1u);
  EXPECT_EQ(summary.problems[0].kind, "corrupt");
  EXPECT_EQ(summary.problems[0].hour_ns, Hour("2019-02-04T12:00"));
}

TEST_F(FetchTest, AWrongPriceScaleIsMovedAside) {
  ServeDay();
  answers[Url("2019-02-04T12:00")].body = JsonHour("2019-02-04T12:00", 1'140'000);
  ASSERT_OK_AND_ASSIGN(FetchSummary summary, Run());
  const HourRecord record = Record("2019-02-04T12:00");
  EXPECT_EQ(record.state, HourState::kCorrupt);
  EXPECT_NE(record.detail.find("price scale"), std::string::npos);
  EXPECT_FALSE(Exists(File("2019-02-04T12:00")));
  EXPECT_TRUE(Exists("raw/EURUSD/.fetch/quarantine/EURUSD_2019-02-04T12Z.json.quarantined"));
  EXPECT_EQ(summary.problems.size(), 1u);
  // Not asked for again until somebody wants it repaired.
  ASSERT_OK(Run());
  EXPECT_EQ(asked(), 6u);
  ServeDay();
  request.repair = true;
  ASSERT_OK_AND_ASSIGN(summary, Run());
  EXPECT_EQ(asked(), 7u);
  EXPECT_TRUE(summary.problems.empty());
}

TEST_F(FetchTest, MillionsInsteadOfUnitsAreMovedAside) {
  ServeDay();
  io::DukascopyHour hour = io::FromBi5Records(SomeRecords(114'000), Hour("2019-02-04T12:00"), 5);
  for (double& volume : hour.ask_volume) volume /= 1e6;
  answers[Url("2019-02-04T12:00")].body = io::FormatDukascopyHour(hour);
  ASSERT_OK(Run());
  EXPECT_NE(Record("2019-02-04T12:00").detail.find("volume unit"), std::string::npos);
}

TEST_F(FetchTest, AFeedThatCountsMonthsFromZeroIsFoundOut) {
  answers[Url("2019-02-04T12:00")] = HttpResponse{200, {}, JsonHour("2019-03-04T12:00")};
  ASSERT_OK(Run());
  EXPECT_NE(Record("2019-02-04T12:00").detail.find("another hour"), std::string::npos);
}

TEST_F(FetchTest, Bi5HoursLieWhereTheArchiveHasThem) {
  request.feed = FeedKind::kBi5;
  request.range = UtcRange{At("2019-02-04T10:00"), At("2019-02-04T13:00")};
  const auto packed = io::EncodeBi5(SomeRecords(114'000));
  ASSERT_OK(packed);
  answers["http://feed/EURUSD/2019/01/04/10h_ticks.bi5"] = HttpResponse{200, {}, *packed};
  answers["http://feed/EURUSD/2019/01/04/11h_ticks.bi5"] = HttpResponse{200, {}, ""};
  ASSERT_OK_AND_ASSIGN(const FetchSummary summary, Run());
  EXPECT_EQ(Content("raw/EURUSD/2019/01/04/10h_ticks.bi5"), *packed);
  EXPECT_EQ(Content("raw/EURUSD/2019/01/04/11h_ticks.bi5"), "");
  EXPECT_EQ(Record("2019-02-04T11:00").state, HourState::kProvenEmpty);
  EXPECT_EQ(Record("2019-02-04T12:00").state, HourState::kMissingAtSource);
  EXPECT_FALSE(Exists("raw/EURUSD/2019/01/04/12h_ticks.bi5"));
}

TEST_F(FetchTest, Bi5AsksForAnArchiveByName) {
  request.feed = FeedKind::kBi5;
  request.root.clear();
  EXPECT_THAT(Run(), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Run(), HasErrorMessage("--root"));
}

TEST_F(FetchTest, FilesThatWereThereBeforeAreTakenIn) {
  ServeDay();
  const std::string body = answers[Url("2019-02-04T10:00")].body;
  ASSERT_OK(files->WriteWhole(File("2019-02-04T10:00"), body));
  ASSERT_OK(files->WriteWhole(File("2019-02-04T11:00"), "rubbish"));
  ASSERT_OK_AND_ASSIGN(const FetchSummary summary, Run());
  EXPECT_EQ(asked(), 5u);
  EXPECT_EQ(Record("2019-02-04T10:00").source, "found in the folder");
  EXPECT_EQ(Record("2019-02-04T10:00").sha256, lineage::Sha256Of(body));
  EXPECT_EQ(Content(File("2019-02-04T11:00")), answers[Url("2019-02-04T11:00")].body);
  EXPECT_EQ(Content("raw/EURUSD/.fetch/quarantine/EURUSD_2019-02-04T11Z.json.quarantined"),
            "rubbish");
  EXPECT_EQ(summary.symbols[0].hours.at(HourState::kTicks), 6);
}

TEST_F(FetchTest, AFilePutThereLaterIsTakenInWhateverWasRecorded) {
  ServeDay();
  const std::string body = answers[Url("2019-02-04T10:00")].body;
  answers.erase(Url("2019-02-04T10:00"));
  ASSERT_OK(Run());
  EXPECT_EQ(Record("2019-02-04T10:00").state, HourState::kMissingAtSource);
  ASSERT_OK(files->WriteWhole(File("2019-02-04T10:00"), body));
  ASSERT_OK(Run());
  EXPECT_EQ(Record("2019-02-04T10:00").state, HourState::kTicks);
  EXPECT_EQ(asked(), 6u);
}

TEST_F(FetchTest, EveryFaultOfTheNetworkPasses) {
  ServeDay();
  for (const auto fault :
       {io::HttpFault::kNoConnection, io::HttpFault::kAnswerLost, io::HttpFault::kSlow,
        io::HttpFault::kCutBody, io::HttpFault::kBusyStatus, io::HttpFault::kServerError}) {
    files = io::MakeMemoryFileSystem();
    // Every second request goes wrong.
    io::FaultyHttpClient faulty(&http, [fault](const HttpRequest&, int n) {
      return n % 2 == 0 ? fault : io::HttpFault::kNone;
    });
    FetchContext context{files.get(), &faulty, &clock, &progress, cancel};
    ASSERT_OK_AND_ASSIGN(const FetchSummary summary, RunFetch(request, context));
    EXPECT_EQ(summary.symbols[0].hours.at(HourState::kTicks), 6);
    EXPECT_EQ(summary.retries, 6);
  }
}

TEST_F(FetchTest, VerifyOfWhatWasNeverFetchedLeavesNothingBehind) {
  request.symbols = {"GBPUSD"};
  ASSERT_OK(files->MakeFolders("raw"));
  EXPECT_THAT(Verify(), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(Verify(), HasErrorMessage("never fetched"));
  ASSERT_OK_AND_ASSIGN(const auto left, files->ListFiles("raw"));
  EXPECT_TRUE(left.empty());
}

TEST_F(FetchTest, AFileThatIsGoneOrHasAnotherSizeIsFetchedAgain) {
  ServeDay();
  ASSERT_OK(Run());
  ASSERT_OK(files->Remove(File("2019-02-04T10:00")));
  ASSERT_OK(files->Remove(File("2019-02-04T11:00")));
  ASSERT_OK(files->WriteWhole(File("2019-02-04T11:00"), "shorter"));
  ASSERT_OK(Run());
  EXPECT_EQ(asked(), 8u);
  EXPECT_EQ(Content(File("2019-02-04T10:00")), answers[Url("2019-02-04T10:00")].body);
  EXPECT_EQ(Content(File("2019-02-04T11:00")), answers[Url("2019-02-04T11:00")].body);
}

TEST_F(FetchTest, VerifyFindsWhatChangedAndChangesNothing) {
  ServeDay();
  ASSERT_OK(Run());
  ASSERT_OK_AND_ASSIGN(FetchSummary summary, Verify());
  EXPECT_TRUE(summary.problems.empty());
  EXPECT_EQ(summary.symbols[0].present, 6);
  EXPECT_EQ(summary.symbols[0].ticks, 300);
  std::string flipped = Content(File("2019-02-04T10:00"));
  flipped[flipped.size() / 2] ^= 1;
  ASSERT_OK(files->Remove(File("2019-02-04T10:00")));
  ASSERT_OK(files->WriteWhole(File("2019-02-04T10:00"), flipped));
  ASSERT_OK(files->Remove(File("2019-02-04T12:00")));
  ASSERT_OK(files->WriteWhole(File("2019-02-04T20:00"), "stranger"));
  request.symbols.clear();
  request.range.reset();
  ASSERT_OK_AND_ASSIGN(summary, Verify());
  ASSERT_EQ(summary.problems.size(), 3u);
  EXPECT_EQ(summary.problems[0].message, "the content changed since it was stored");
  EXPECT_EQ(summary.problems[1].message, "the file is gone");
  EXPECT_EQ(summary.problems[2].kind, "unrecorded");
  EXPECT_EQ(Content(File("2019-02-04T10:00")), flipped);
  EXPECT_EQ(asked(), 6u);
}

TEST_F(FetchTest, RepairFetchesWhatVerifyFinds) {
  ServeDay();
  ASSERT_OK(Run());
  std::string flipped = Content(File("2019-02-04T10:00"));
  flipped[flipped.size() / 2] ^= 1;
  ASSERT_OK(files->Remove(File("2019-02-04T10:00")));
  ASSERT_OK(files->WriteWhole(File("2019-02-04T10:00"), flipped));
  request.repair = true;
  request.range.reset();
  ASSERT_OK_AND_ASSIGN(FetchSummary summary, Run());
  EXPECT_EQ(summary.symbols[0].asked, 1);
  ASSERT_OK_AND_ASSIGN(summary, Verify());
  EXPECT_TRUE(summary.problems.empty());
  EXPECT_EQ(Content("raw/EURUSD/.fetch/quarantine/EURUSD_2019-02-04T10Z.json.quarantined"),
            flipped);
}

TEST_F(FetchTest, AFeedThatIsNotThereEndsTheRunAtOnce) {
  io::ScriptedHttpClient nobody([](const HttpRequest&) -> Result<HttpResponse> {
    return Fail(ErrorKind::kUnavailable, "no connection");
  });
  FetchContext context{files.get(), &nobody, &clock, &progress, cancel};
  EXPECT_THAT(RunFetch(request, context), IsError(ErrorKind::kUnavailable));
  EXPECT_EQ(nobody.requests().size(), 3u);  // One hour with its retries.
  ServeDay();
  ASSERT_OK_AND_ASSIGN(const FetchSummary summary, Run());
  EXPECT_EQ(summary.symbols[0].hours.at(HourState::kTicks), 6);
}

TEST_F(FetchTest, AFeedThatRefusesEverythingEndsTheRunSoon) {
  request.range = UtcRange{At("2019-02-04T00:00"), At("2019-02-08T00:00")};
  io::ScriptedHttpClient wall(
      [](const HttpRequest&) -> Result<HttpResponse> { return HttpResponse{403, {}, ""}; });
  FetchContext context{files.get(), &wall, &clock, &progress, cancel};
  EXPECT_THAT(RunFetch(request, context), IsError(ErrorKind::kUnavailable));
  EXPECT_EQ(wall.requests().size(), 16u);
}

TEST_F(FetchTest, InterruptedRunsContinue) {
  ServeDay();
  int left = 3;
  io::ScriptedHttpClient stopping([&](const HttpRequest& asked_for) -> Result<HttpResponse> {
    if (--left == 0) cancel.Cancel();
    return answers.at(asked_for.url);
  });
  FetchContext context{files.get(), &stopping, &clock, &progress, cancel};
  EXPECT_THAT(RunFetch(request, context), IsError(ErrorKind::kCancelled));
  EXPECT_TRUE(Exists("raw/EURUSD/.fetch/manifest.csv"));
  cancel = CancelToken();
  ASSERT_OK_AND_ASSIGN(const FetchSummary summary, Run());
  EXPECT_EQ(summary.symbols[0].present, 3);
  EXPECT_EQ(summary.symbols[0].asked, 3);
}

TEST_F(FetchTest, EndsTheSameWhereverTheDiskGaveWay) {
  ServeDay();
  answers[Url("2019-02-04T12:00")].body = JsonHour("2019-02-04T12:00", 1'140'000);
  answers[Url("2019-02-04T13:00")].body = "cut";
  ASSERT_OK(Run());
  const auto undisturbed = Manifest();
  ASSERT_OK_AND_ASSIGN(const auto listed, files->ListFiles("raw"));
  for (int fail_at = 0; fail_at < 60; ++fail_at) {
    files = io::MakeMemoryFileSystem();
    int calls = 0;
    const auto faulty = io::MakeFaultyFileSystem(
        files.get(), [&](io::FsCall call, const std::string&, int) -> std::optional<Error> {
          const bool writes = call == io::FsCall::kAppend || call == io::FsCall::kCommit ||
                              call == io::FsCall::kSync || call == io::FsCall::kRename;
          // From here on nothing works, as if the process had died.
          if (!writes || calls++ < fail_at) return std::nullopt;
          return Error{ErrorKind::kIo, "the disk is gone"};
        });
    FetchContext context{faulty.get(), &http, &clock, &progress, cancel};
    const bool whole = RunFetch(request, context).has_value();
    ASSERT_OK(Run()) << fail_at;
    ASSERT_EQ(Manifest(), undisturbed) << fail_at;
    ASSERT_OK_AND_ASSIGN(const auto again, files->ListFiles("raw"));
    EXPECT_EQ(again.size(), listed.size()) << fail_at;
    if (whole) return;
  }
  FAIL() << "the run makes more calls than this test expects";
}

TEST_F(FetchTest, TheSecondRunOnOneFolderIsRefused) {
  ASSERT_OK(files->MakeFolders("raw"));
  ASSERT_OK_AND_ASSIGN(const auto lock, files->Lock("raw/.fetch.lock"));
  EXPECT_THAT(Run(), IsError(ErrorKind::kBusy));
  EXPECT_THAT(Verify(), testing::Not(IsOk()));
}

TEST_F(FetchTest, UnknownSymbolsAreDescribedByTheFeed) {
  request.symbols = {"XYZ-USD"};
  const std::string description = R"({"code":"XYZ-USD","priceScale":5,"groupCode":"CRYPTO",
      "holidays":[{"from":1549278000000,"till":1549281600000}]})";  // 2019-02-04T11:00, an hour
  answers["http://feed/instruments/XYZ-USD"] = HttpResponse{200, {}, description};
  ASSERT_OK(Run());
  EXPECT_EQ(Content("raw/XYZUSD/.fetch/instrument.json"), description);
  EXPECT_EQ(asked(), 6u);  // The description and five hours; the holiday is not asked for.
  EXPECT_EQ(Record("2019-02-04T11:00", "XYZUSD").state, HourState::kClosedMarket);
  ASSERT_OK(Run());
  EXPECT_EQ(asked(), 6u);  // Kept, so nobody needs to ask again.
}

TEST_F(FetchTest, SymbolsNobodyKnowsAreRefusedByName) {
  request.symbols = {"EURUSD", "QQQZZZ"};
  EXPECT_THAT(Run(), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(Run(), HasErrorMessage("QQQ-ZZZ"));
}

TEST_F(FetchTest, DescriptionsFromAFileAndOfTheWrongSymbol) {
  request.instruments = "mine.json";
  ASSERT_OK(files->WriteWhole("mine.json", R"({"code":"EUR-USD","priceScale":5})"));
  ASSERT_OK(Run());
  ASSERT_OK(files->WriteWhole("mine.json", R"({"code":"GBP-USD","priceScale":5})"));
  EXPECT_THAT(Run(), IsError(ErrorKind::kInvalidArgument));
  ASSERT_OK(files->WriteWhole("mine.json", "{"));
  EXPECT_THAT(Run(), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Run(), HasErrorMessage("mine.json"));
}

TEST_F(FetchTest, ASymbolNamedTwiceIsFetchedOnce) {
  ServeDay();
  request.symbols = {"EURUSD", "eur/usd"};
  ASSERT_OK_AND_ASSIGN(const FetchSummary summary, Run());
  EXPECT_EQ(summary.symbols.size(), 1u);
  EXPECT_EQ(asked(), 6u);
}

TEST_F(FetchTest, WrongRequestsSayWhatToDo) {
  request.range = UtcRange{At("2019-02-04"), At("2019-02-03")};
  EXPECT_THAT(Run(), HasErrorMessage("--to"));
  request.range.reset();
  EXPECT_THAT(Run(), HasErrorMessage("--from"));
  request.symbols.clear();
  EXPECT_THAT(Run(), HasErrorMessage("symbol"));
}

TEST_F(FetchTest, TheExportIsReadable) {
  ServeDay();
  answers[Url("2019-02-04T12:00")] = HttpResponse{403, {}, ""};
  request.range = UtcRange{At("2019-02-04T11:00"), At("2019-02-04T13:00")};
  ASSERT_OK(Run());
  const std::string body = answers[Url("2019-02-04T11:00")].body;
  EXPECT_EQ(Content("raw/EURUSD/.fetch/manifest.csv"),
            "feed,hour,state,ticks,bytes,sha256,file,source,fetched,detail\n"
            "json,2019-02-04T11:00:00Z,ticks,50," +
                std::to_string(body.size()) + "," + lineage::Sha256Of(body) +
                ",EURUSD/2019/2019-02-04/EURUSD_2019-02-04T11Z.json,"
                "http://feed/ticks/EUR-USD/2019/2/4/11,2019-03-01T00:00:00Z,\n"
                "json,2019-02-04T12:00:00Z,refused,0,0,,,"
                "http://feed/ticks/EUR-USD/2019/2/4/12,2019-03-01T00:00:00Z,HTTP 403\n");
}

TEST_F(FetchTest, ManyThreadsEndAsOne) {
  ServeDay();
  request.range = UtcRange{At("2019-02-04T00:00"), At("2019-02-05T00:00")};
  answers[Url("2019-02-04T12:00")].body = JsonHour("2019-02-04T12:00", 1'140'000);
  ASSERT_OK(Run());
  const auto one = Manifest();
  files = io::MakeMemoryFileSystem();
  request.threads = 8;
  ASSERT_OK(Run());
  EXPECT_EQ(Manifest(), one);
}

}  // namespace
}  // namespace tickhouse::ingest
