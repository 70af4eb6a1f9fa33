#include "tickhouse/synth/tick_generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>

#include "tickhouse/core/market/calendar.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/synth/market_profile.h"

namespace tickhouse::synth {
namespace {

UtcTime Utc(std::string_view text) {
  const Result<UtcTime> time = ParseUtc(text);
  EXPECT_THAT(time, IsOk()) << text;
  return time ? *time : UtcTime();
}

GeneratorOptions Options(std::string_view symbol, std::string_view begin, int days, int64_t rows) {
  GeneratorOptions options;
  const Result<Instrument> instrument = FindInstrument(symbol);
  EXPECT_THAT(instrument, IsOk());
  options.instrument = *instrument;
  options.begin = Utc(begin);
  options.days = days;
  options.rows = rows;
  return options;
}

struct Generated {
  TickBatch ticks;
  std::vector<AnomalyLabel> labels;
};

Generated Generate(GeneratorOptions options) {
  Generated made;
  auto generator = TickGenerator::Make(std::move(options));
  EXPECT_THAT(generator, IsOk());
  if (!generator) return made;
  auto ticks = ReadAll(**generator);
  EXPECT_THAT(ticks, IsOk());
  made.ticks = std::move(*ticks);
  made.labels = (*generator)->labels();
  return made;
}

int64_t ToPoints(double price, int decimals) {
  return std::llround(price * std::pow(10, decimals));
}

// FNV-1a over the bits of every column.
uint64_t HashOf(const TickBatch& ticks) {
  uint64_t hash = 0xCBF29CE484222325;
  const auto add = [&](const auto& column) {
    for (const auto& value : column) {
      std::array<unsigned char, sizeof(value)> bytes;
      std::memcpy(bytes.data(), &value, sizeof(value));
      for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001B3;
    }
  };
  add(ticks.time_ns);
  add(ticks.bid);
  add(ticks.ask);
  add(ticks.bid_volume);
  add(ticks.ask_volume);
  return hash;
}

TEST(TickGenerator, GivesExactlyTheRowsAskedFor) {
  for (const int64_t rows : {0, 1, 7, 1'000, 65'536, 65'537, 200'000}) {
    const Generated made = Generate(Options("EURUSD", "2024-01-15", 2, rows));
    EXPECT_EQ(made.ticks.size(), static_cast<std::size_t>(rows));
  }
}

TEST(TickGenerator, KeepsTheContractOfTickReader) {
  GeneratorOptions options = Options("EURUSD", "2024-01-15", 1, 1'000);
  options.batch_rows = 300;
  ASSERT_OK_AND_ASSIGN(auto generator, TickGenerator::Make(options));
  EXPECT_EQ(generator->total_rows(), 1'000);
  TickBatch batch;
  for (const std::size_t expected : {300u, 300u, 300u, 100u}) {
    ASSERT_OK_AND_ASSIGN(const bool more, generator->Next(&batch));
    ASSERT_TRUE(more);
    EXPECT_EQ(batch.size(), expected);
    EXPECT_EQ(batch.ask_volume.size(), expected);
  }
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const bool more, generator->Next(&batch));
    EXPECT_FALSE(more);
  }
}

TEST(TickGenerator, DoesNotDependOnTheBatch) {
  GeneratorOptions options = Options("GBPJPY", "2024-01-15", 3, 50'000);
  options.anomalies = DefaultAnomalies();
  const Generated whole = Generate(options);
  options.batch_rows = 77;
  const Generated pieces = Generate(options);
  EXPECT_EQ(HashOf(whole.ticks), HashOf(pieces.ticks));
  EXPECT_EQ(FormatAnomalyLabels(whole.labels), FormatAnomalyLabels(pieces.labels));
}

// The bytes are a promise: change these only with a word in the changelog.
TEST(TickGenerator, GivesTheSameTicksOnEveryMachine) {
  GeneratorOptions options = Options("EURUSD", "2024-03-08", 4, 20'000);
  options.seed = 42;
  EXPECT_EQ(HashOf(Generate(options).ticks), 302322675955378403u);
  options = Options("USA500IDXUSD", "2012-12-21", 14, 10'000);
  options.anomalies = DefaultAnomalies();
  EXPECT_EQ(HashOf(Generate(options).ticks), 15672463884776882016u);
}

TEST(TickGenerator, DependsOnSeedAndSymbol) {
  GeneratorOptions options = Options("EURUSD", "2024-01-15", 1, 1'000);
  const uint64_t first = HashOf(Generate(options).ticks);
  EXPECT_EQ(HashOf(Generate(options).ticks), first);
  options.seed = 2;
  EXPECT_NE(HashOf(Generate(options).ticks), first);
  const Generated euro = Generate(Options("EURCHF", "2024-01-15", 1, 1'000));
  const Generated pound = Generate(Options("EURGBP", "2024-01-15", 1, 1'000));
  EXPECT_NE(euro.ticks.time_ns, pound.ticks.time_ns);
}

TEST(TickGenerator, GivesQuotesOnTheGridInOrder) {
  for (const char* symbol : {"EURUSD", "GBPJPY", "XAUUSD", "USA500IDXUSD", "BTCUSD", "TRXUSD",
                             "USDHUF", "LIGHTCMDUSD", "MATUSD"}) {
    const GeneratorOptions options = Options(symbol, "2024-01-15", 5, 10'000);
    const int decimals = options.instrument.decimals;
    const double scale = std::pow(10, decimals);
    const Generated made = Generate(options);
    int64_t last_ns = ToNanos(options.begin);
    for (std::size_t i = 0; i < made.ticks.size(); ++i) {
      const double bid = made.ticks.bid[i];
      const double ask = made.ticks.ask[i];
      ASSERT_LT(bid, ask) << symbol << " row " << i;
      ASSERT_GT(bid, 0) << symbol;
      ASSERT_EQ(static_cast<double>(ToPoints(bid, decimals)) / scale, bid) << symbol;
      ASSERT_EQ(static_cast<double>(ToPoints(ask, decimals)) / scale, ask) << symbol;
      ASSERT_GE(made.ticks.time_ns[i], last_ns) << symbol;
      ASSERT_EQ(made.ticks.time_ns[i] % kNanosPerMilli, 0) << symbol;
      ASSERT_GT(made.ticks.bid_volume[i], 0);
      ASSERT_GT(made.ticks.ask_volume[i], 0);
      last_ns = made.ticks.time_ns[i];
    }
    ASSERT_LT(last_ns, ToNanos(options.begin) + 5 * kNanosPerDay);
  }
}

// Christmas, New Year, both changes of New York's clocks, and weekends.
TEST(TickGenerator, IsSilentWhenTheMarketIsClosed) {
  for (const char* symbol : {"EURUSD", "XAUUSD", "BTCUSD"}) {
    for (const char* begin : {"2024-03-04", "2024-10-28", "2024-12-20"}) {
      const GeneratorOptions options = Options(symbol, begin, 14, 20'000);
      const Generated made = Generate(options);
      const UtcRange range{options.begin, options.begin + std::chrono::days(14)};
      const auto closures = TradingCalendar(options.instrument.session).Closures(range);
      std::size_t inside = 0;
      for (const UtcRange& closure : closures) {
        const auto& times = made.ticks.time_ns;
        inside += static_cast<std::size_t>(
            std::lower_bound(times.begin(), times.end(), ToNanos(closure.end)) -
            std::lower_bound(times.begin(), times.end(), ToNanos(closure.begin)));
      }
      EXPECT_EQ(inside, 0u) << symbol << " " << begin;
      EXPECT_EQ(made.ticks.size(), 20'000u);
    }
  }
}

TEST(TickGenerator, OpensAnHourEarlierInSummerTime) {
  const Generated winter = Generate(Options("EURUSD", "2024-03-03", 1, 5'000));
  const Generated summer = Generate(Options("EURUSD", "2024-03-10", 1, 5'000));
  EXPECT_EQ(FormatUtc(FromNanos(winter.ticks.time_ns.front())).substr(0, 13), "2024-03-03T22");
  EXPECT_EQ(FormatUtc(FromNanos(summer.ticks.time_ns.front())).substr(0, 13), "2024-03-10T21");
}

TEST(TickGenerator, HasTheTrafficOfTheInstrument) {
  GeneratorOptions options = Options("EURUSD", "2024-01-15", 5, 0);
  options.rows.reset();
  const double expected = ProfileOf(options.instrument).ticks_per_day * (5 - 2.0 / 24);
  ASSERT_OK_AND_ASSIGN(const auto generator, TickGenerator::Make(options));
  EXPECT_NEAR(static_cast<double>(generator->total_rows()), expected, expected * 0.001);
}

TEST(TickGenerator, IsBusyWhenLondonAndNewYorkAre) {
  const Generated made = Generate(Options("EURUSD", "2024-01-15", 19, 100'000));
  std::array<int, 24> hours{};
  for (const int64_t time : made.ticks.time_ns) {
    ++hours.at(static_cast<std::size_t>(time / kNanosPerHour % 24));
  }
  EXPECT_GT(hours[14], 3 * hours[4]);
  EXPECT_GT(hours[8], 2 * hours[4]);
  EXPECT_GT(*std::min_element(hours.begin(), hours.end()), 100) << "no open hour is empty";
}

// Absolute returns of minutes: what volatility clusters show in.
TEST(TickGenerator, MovesInClusters) {
  const Generated made = Generate(Options("BTCUSD", "2024-01-01", 10, 100'000));
  std::vector<double> moves;
  double last = made.ticks.bid.front();
  int64_t minute = made.ticks.time_ns.front() / (60 * kNanosPerSecond);
  for (std::size_t i = 0; i < made.ticks.size(); ++i) {
    const int64_t now = made.ticks.time_ns[i] / (60 * kNanosPerSecond);
    if (now == minute) continue;
    moves.push_back(std::abs(std::log(made.ticks.bid[i] / last)));
    last = made.ticks.bid[i];
    minute = now;
  }
  double mean = 0;
  for (const double move : moves) mean += move / static_cast<double>(moves.size());
  double variance = 0;
  double together = 0;
  for (std::size_t i = 5; i < moves.size(); ++i) {
    variance += (moves[i] - mean) * (moves[i] - mean);
    together += (moves[i] - mean) * (moves[i - 5] - mean);
  }
  EXPECT_GT(together / variance, 0.1);
}

TEST(TickGenerator, MovesAsFarAsTheProfileSays) {
  const GeneratorOptions options = Options("EURUSD", "2024-01-01", 200, 100'000);
  const Generated made = Generate(options);
  std::map<int64_t, double> closes;
  for (std::size_t i = 0; i < made.ticks.size(); ++i) {
    closes[made.ticks.time_ns[i] / kNanosPerDay] = made.ticks.bid[i];
  }
  double squares = 0;
  double last = made.ticks.bid.front();
  for (const auto& [day, close] : closes) {
    squares += std::pow(std::log(close / last), 2);
    last = close;
  }
  const double deviation = std::sqrt(squares / static_cast<double>(closes.size()));
  const double expected = ProfileOf(options.instrument).daily_volatility;
  EXPECT_GT(deviation, expected / 2);
  EXPECT_LT(deviation, expected * 2);
  const auto [low, high] = std::minmax_element(made.ticks.bid.begin(), made.ticks.bid.end());
  EXPECT_GT(*low, 0.8);
  EXPECT_LT(*high, 1.5);
}

TEST(TickGenerator, RefusesWhatCannotBe) {
  const auto refused = [](GeneratorOptions options) {
    EXPECT_THAT(TickGenerator::Make(std::move(options)), IsError(ErrorKind::kInvalidArgument));
  };
  refused(Options("EURUSD", "2024-01-15", 0, 10));
  refused(Options("EURUSD", "2024-01-15", 40'000, 10));
  refused(Options("EURUSD", "2024-01-15", 1, -1));
  refused(Options("EURUSD", "1969-01-15", 1, 10));
  refused(Options("EURUSD", "2200-01-01", 36'600, 10));
  refused(Options("EURUSD", "2024-01-15T00:30", 1, 10));
  refused(Options("EURUSD", "2024-01-20", 1, 10));  // a Saturday
  GeneratorOptions crowded = Options("EURUSD", "2024-01-15", 1, 10'000);
  crowded.anomalies = {{AnomalyKind::kGap, 100, false, 1'800}};
  EXPECT_THAT(TickGenerator::Make(crowded), HasErrorMessage("do not fit"));
}

TEST(TickGenerator, GivesNothingOnAClosedDayWhenNothingIsAsked) {
  GeneratorOptions options = Options("EURUSD", "2024-01-20", 1, 0);
  options.rows.reset();
  EXPECT_EQ(Generate(options).ticks.size(), 0u);
}

// --- labels -------------------------------------------------------------------------------------

struct Rows {
  std::size_t begin;
  std::size_t end;
};

class Labels : public ::testing::Test {
 protected:
  // One fault of a kind in three days of trading, and the same stream without it.
  void Make(AnomalyKind kind, double size, int64_t rows = 60'000) {
    options_ = Options("EURUSD", "2024-01-15", 3, rows);
    clean_ = Generate(options_);
    options_.anomalies = {{kind, 2, false, size}};
    made_ = Generate(options_);
    ASSERT_EQ(made_.labels.size(), 2u);
    ASSERT_EQ(made_.ticks.size(), static_cast<std::size_t>(rows));
    for (const AnomalyLabel& label : made_.labels) {
      EXPECT_EQ(label.kind, kind);
      EXPECT_EQ(label.symbol, "EURUSD");
      EXPECT_LT(label.begin_ns, label.end_ns);
      ASSERT_LE(label.first_row + label.rows, rows);
    }
  }
  static Rows RowsOf(const AnomalyLabel& label) {
    return {static_cast<std::size_t>(label.first_row),
            static_cast<std::size_t>(label.first_row + label.rows)};
  }
  double Spread(std::size_t row) const { return made_.ticks.ask[row] - made_.ticks.bid[row]; }
  // Rows that differ from the stream without faults, which has the same times where traffic is
  // untouched.
  void ExpectOnlyLabelledRowsDiffer() const {
    ASSERT_EQ(made_.ticks.time_ns, clean_.ticks.time_ns);
    for (std::size_t i = 0; i < made_.ticks.size(); ++i) {
      const bool differs =
          made_.ticks.bid[i] != clean_.ticks.bid[i] || made_.ticks.ask[i] != clean_.ticks.ask[i];
      const bool labelled = std::ranges::any_of(made_.labels, [&](const AnomalyLabel& label) {
        return RowsOf(label).begin <= i && i < RowsOf(label).end;
      });
      ASSERT_TRUE(labelled || !differs) << "row " << i << " is not labelled";
    }
  }

  GeneratorOptions options_;
  Generated clean_;
  Generated made_;
};

TEST_F(Labels, OfSpikesGiveTheDistance) {
  Make(AnomalyKind::kSpike, 40);
  ExpectOnlyLabelledRowsDiffer();
  for (const AnomalyLabel& label : made_.labels) {
    EXPECT_GE(label.rows, 1);
    EXPECT_LE(label.rows, 3);
    EXPECT_GT(std::abs(label.size), 0.0005);
    for (std::size_t i = RowsOf(label).begin; i < RowsOf(label).end; ++i) {
      EXPECT_NEAR(made_.ticks.bid[i] - clean_.ticks.bid[i], label.size, 1e-3);
      EXPECT_GT(Spread(i), 0);
    }
    EXPECT_EQ(made_.ticks.time_ns[RowsOf(label).begin], label.begin_ns);
    EXPECT_EQ(made_.ticks.time_ns[RowsOf(label).end - 1] + kNanosPerMilli, label.end_ns);
  }
}

TEST_F(Labels, OfFlashCrashesGiveTheDepthAndTheRecovery) {
  Make(AnomalyKind::kFlash, 2);
  for (const AnomalyLabel& label : made_.labels) {
    const Rows rows = RowsOf(label);
    ASSERT_GT(rows.end - rows.begin, 20u);
    const double before = made_.ticks.bid[rows.begin - 1];
    const double lowest = *std::min_element(made_.ticks.bid.begin() + label.first_row,
                                            made_.ticks.bid.begin() + label.first_row + label.rows);
    EXPECT_NEAR(lowest - before, label.size, 0.002);
    EXPECT_NEAR(label.size, -0.02 * before, 0.004);
    EXPECT_NEAR(made_.ticks.bid[rows.end], before, 0.004);
    EXPECT_LE(label.end_ns - label.begin_ns, 121 * kNanosPerSecond);
  }
}

TEST_F(Labels, OfStaleQuotesCoverWhatStandsStill) {
  Make(AnomalyKind::kStale, 300);
  ExpectOnlyLabelledRowsDiffer();
  for (const AnomalyLabel& label : made_.labels) {
    const Rows rows = RowsOf(label);
    EXPECT_EQ(label.size, 300);
    EXPECT_LE(label.end_ns - label.begin_ns, 301 * kNanosPerSecond);
    ASSERT_GT(rows.end - rows.begin, 5u);
    for (std::size_t i = rows.begin; i < rows.end; ++i) {
      ASSERT_EQ(made_.ticks.bid[i], made_.ticks.bid[rows.begin - 1]);
      ASSERT_EQ(made_.ticks.ask[i], made_.ticks.ask[rows.begin - 1]);
    }
  }
}

TEST_F(Labels, OfBlowoutsGiveTheFactor) {
  Make(AnomalyKind::kBlowout, 20);
  ExpectOnlyLabelledRowsDiffer();
  for (const AnomalyLabel& label : made_.labels) {
    EXPECT_EQ(label.size, 20);
    ASSERT_GT(label.rows, 2);
    for (std::size_t i = RowsOf(label).begin; i < RowsOf(label).end; ++i) {
      const double usual = clean_.ticks.ask[i] - clean_.ticks.bid[i];
      ASSERT_NEAR(Spread(i) / usual, 20, 1);
    }
  }
}

TEST_F(Labels, OfCrossedQuotesAreTheOnlyCrossedOnes) {
  Make(AnomalyKind::kCrossed, 2);
  ExpectOnlyLabelledRowsDiffer();
  int64_t crossed = 0;
  for (std::size_t i = 0; i < made_.ticks.size(); ++i) crossed += Spread(i) <= 0;
  EXPECT_EQ(crossed, made_.labels[0].rows + made_.labels[1].rows);
  for (const AnomalyLabel& label : made_.labels) {
    EXPECT_EQ(label.rows, 5);
    double widest = 0;
    for (std::size_t i = RowsOf(label).begin; i < RowsOf(label).end; ++i) {
      ASSERT_LT(Spread(i), 0);
      widest = std::max(widest, -Spread(i));
    }
    EXPECT_NEAR(widest, label.size, 1e-9);
  }
}

TEST_F(Labels, OfGapsHaveNoRows) {
  Make(AnomalyKind::kGap, 900);
  for (const AnomalyLabel& label : made_.labels) {
    EXPECT_EQ(label.rows, 0);
    EXPECT_EQ(label.end_ns - label.begin_ns, 900 * kNanosPerSecond);
    const Rows rows = RowsOf(label);
    EXPECT_LT(made_.ticks.time_ns[rows.begin - 1], label.begin_ns);
    EXPECT_GE(made_.ticks.time_ns[rows.begin], label.end_ns);
    const TradingCalendar calendar(Session::kFx);
    EXPECT_EQ(calendar.OpenTime({FromNanos(label.begin_ns), FromNanos(label.end_ns)}),
              std::chrono::seconds(900));
  }
}

TEST_F(Labels, OfBurstsCountFarMoreRows) {
  Make(AnomalyKind::kBurst, 50);
  for (const AnomalyLabel& label : made_.labels) {
    EXPECT_EQ(label.end_ns - label.begin_ns, 10 * kNanosPerSecond);
    EXPECT_GT(label.rows, 30);
    for (std::size_t i = RowsOf(label).begin; i < RowsOf(label).end; ++i) {
      ASSERT_GE(made_.ticks.time_ns[i], label.begin_ns);
      ASSERT_LT(made_.ticks.time_ns[i], label.end_ns);
    }
    EXPECT_LT(made_.ticks.time_ns[RowsOf(label).begin - 1], label.begin_ns);
    EXPECT_GE(made_.ticks.time_ns[RowsOf(label).end], label.end_ns);
  }
}

TEST_F(Labels, StayTrueInASparseStream) {
  for (const AnomalyKind kind : {AnomalyKind::kSpike, AnomalyKind::kFlash, AnomalyKind::kStale,
                                 AnomalyKind::kBlowout, AnomalyKind::kCrossed, AnomalyKind::kGap}) {
    SCOPED_TRACE(AnomalyKindName(kind));
    ASSERT_OK_AND_ASSIGN(const auto request, ParseAnomalies(AnomalyKindName(kind)));
    Make(kind, request[0].size, 600);
  }
}

TEST(AnomalyRates, AreRoundedOverTheDays) {
  GeneratorOptions options = Options("EURUSD", "2024-01-15", 10, 100'000);
  options.anomalies = {{AnomalyKind::kSpike, 0.5, true, 40}, {AnomalyKind::kGap, 0.2, true, 600}};
  EXPECT_EQ(Generate(options).labels.size(), 7u);
}

TEST(AnomalyLabels, ComeInOrderOfTimeAndNeverMeet) {
  GeneratorOptions options = Options("EURUSD", "2024-01-15", 20, 100'000);
  options.anomalies = {{AnomalyKind::kSpike, 20, false, 40}, {AnomalyKind::kStale, 10, false, 120},
                       {AnomalyKind::kFlash, 5, false, 1},   {AnomalyKind::kGap, 10, false, 1'200},
                       {AnomalyKind::kBurst, 5, false, 20},  {AnomalyKind::kCrossed, 10, false, 1}};
  const Generated made = Generate(options);
  ASSERT_EQ(made.labels.size(), 60u);
  for (std::size_t i = 1; i < made.labels.size(); ++i) {
    EXPECT_LE(made.labels[i - 1].end_ns, made.labels[i].begin_ns);
    EXPECT_LE(made.labels[i - 1].first_row + made.labels[i - 1].rows, made.labels[i].first_row);
  }
}

}  // namespace
}  // namespace tickhouse::synth
