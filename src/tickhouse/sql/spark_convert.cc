#include "tickhouse/sql/spark_convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <initializer_list>

#include "tickhouse/core/check.h"
#include "tickhouse/sql/process.h"
#include "tickhouse/sql/spark_failure.h"

namespace tickhouse::sql {

namespace {

using io::CsvColumn;
using io::CsvDialect;

constexpr std::string_view kNumber = "-?[0-9]{1,15}([.][0-9]{1,9})?";
// Years that nanoseconds in 64 bits hold without a doubt.
constexpr std::string_view kYear = "(1[789]|2[01])[0-9]{2}";
constexpr std::string_view kLeapYear = "((1[789]|2[01])(0[48]|[2468][048]|[13579][26])|2000)";
constexpr std::string_view kMonth = "(0[1-9]|1[0-2])";
constexpr std::string_view kMonthOf30 = "(0[13-9]|1[0-2])";
constexpr std::string_view kMonthOf31 = "(0[13578]|1[02])";
constexpr std::string_view kDayOf28 = "(0[1-9]|1[0-9]|2[0-8])";
constexpr std::string_view kHour = "([01][0-9]|2[0-3])";
constexpr std::string_view kSixty = "[0-5][0-9]";

std::string ClockPattern() {
  return fmt::format("{0}:{1}:{1}([.][0-9]{{1,6}})?", kHour, kSixty);
}

// Dates that exist: a date to refuse would otherwise need a second look at each row.
std::string YearFirstDate(std::string_view separator) {
  return fmt::format("({0}{2}({3}{2}{4}|{5}{2}(29|30)|{6}{2}31)|{1}{2}02{2}29)", kYear, kLeapYear,
                     separator, kMonth, kDayOf28, kMonthOf30, kMonthOf31);
}

std::string DayFirstDate(std::string_view separator) {
  return fmt::format("(({4}{2}{3}|(29|30){2}{5}|31{2}{6}){2}{0}|29{2}02{2}{1})", kYear, kLeapYear,
                     separator, kMonth, kDayOf28, kMonthOf30, kMonthOf31);
}

std::string AnyYearFirstDate() {
  return fmt::format("({}|{}|{})", YearFirstDate(""), YearFirstDate("[.]"), YearFirstDate("-"));
}

std::string TimePattern(const SparkSource& source) {
  switch (source.dialect) {
    case CsvDialect::kQuantDataManager:
    case CsvDialect::kTrueFx: return AnyYearFirstDate() + " " + ClockPattern();
    case CsvDialect::kDukascopyWeb: return DayFirstDate("[.]") + " " + ClockPattern();
    case CsvDialect::kDukascopyNode: return "[0-9]{1,13}";
    case CsvDialect::kHistData:
      return fmt::format("{0} {1}{2}{2}[0-9]{{3}}", YearFirstDate(""), kHour, kSixty);
    case CsvDialect::kMetaTrader5: return ClockPattern();
    case CsvDialect::kIso:
      return fmt::format("{}[ T]{}(Z|[+-][0-9]{{2}}:[0-9]{{2}})?", YearFirstDate("-"),
                         ClockPattern());
  }
  return "";
}

// "EUR/USD" -> "EUR[/]USD"
std::string LiteralPattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      pattern += c;
    } else {
      pattern += fmt::format("[{}]", c);
    }
  }
  return pattern;
}

std::string ColumnPattern(const SparkSource& source, CsvColumn column) {
  const char delimiter = source.columns.delimiter;
  switch (column) {
    case CsvColumn::kIgnored: return fmt::format("[^\"{}]*", delimiter);
    case CsvColumn::kTime: return TimePattern(source);
    case CsvColumn::kDate: return AnyYearFirstDate();
    case CsvColumn::kSymbol: return LiteralPattern(source.symbol);
    case CsvColumn::kVolume:
    case CsvColumn::kNumberOrEmpty:
      // Empty fields lean on nothing here: MetaTrader's last price and flags, and its volume.
      if (source.dialect == CsvDialect::kMetaTrader5) return fmt::format("({})?", kNumber);
      return std::string(kNumber);
    case CsvColumn::kBid:
    case CsvColumn::kAsk:
    case CsvColumn::kBidVolume:
    case CsvColumn::kAskVolume: return std::string(kNumber);
  }
  return "";
}

// The last one may carry the first half of a CR LF.
std::string Field(const SparkSource& source, CsvColumn column) {
  const int index = source.columns.IndexOf(column);
  const bool last = index + 1 == static_cast<int>(source.columns.columns.size());
  const std::string field = fmt::format("f[{}]", index);
  return last ? fmt::format("trim(TRAILING '\\r' FROM {})", field) : field;
}

std::string Part(std::string_view text, int from, int count) {
  return fmt::format("substring({}, {}, {})", text, from, count);
}

// "20210104...", "2021.01.04..." and "2021-01-04..." to "2021-01-04...": digits come after both
// separators.
std::string IsoDate(const std::string& text) {
  return fmt::format(
      "CASE WHEN {1} >= '0' THEN concat({2}, '-', {3}, '-', substring({0}, 7)) "
      "ELSE concat({2}, '-', {4}, '-', substring({0}, 9)) END",
      text, Part(text, 5, 1), Part(text, 1, 4), Part(text, 5, 2), Part(text, 6, 2));
}

std::string Concat(std::initializer_list<std::string> parts) {
  return fmt::format("concat({})", fmt::join(parts, ", "));
}

// The wall clock as the row states it, in the one form that Spark reads without a pattern.
std::string LocalTimeText(const SparkSource& source) {
  const std::string time = Field(source, CsvColumn::kTime);
  const std::string dash = "'-'";
  switch (source.dialect) {
    case CsvDialect::kQuantDataManager:
    case CsvDialect::kTrueFx: return IsoDate(time);
    case CsvDialect::kDukascopyWeb:
      return Concat({Part(time, 7, 4), dash, Part(time, 4, 2), dash, Part(time, 1, 2), "' '",
                     fmt::format("substring({}, 12)", time)});
    case CsvDialect::kHistData:
      return Concat({Part(time, 1, 4), dash, Part(time, 5, 2), dash, Part(time, 7, 2), "' '",
                     Part(time, 10, 2), "':'", Part(time, 12, 2), "':'", Part(time, 14, 2), "'.'",
                     Part(time, 16, 3)});
    case CsvDialect::kMetaTrader5:
      return Concat({IsoDate(Field(source, CsvColumn::kDate)), "' '", time});
    case CsvDialect::kIso:
      return Concat(
          {Part(time, 1, 10), "' '",
           fmt::format("regexp_replace(substring({}, 12), '(Z|[+-][0-9:]+)$', '')", time)});
    case CsvDialect::kDukascopyNode: break;
  }
  return "";
}

std::string LocalTime(const SparkSource& source) {
  if (source.dialect == CsvDialect::kDukascopyNode) {
    return fmt::format("timestampadd(MILLISECOND, bigint({}), TIMESTAMP_NTZ'1970-01-01 00:00:00')",
                       Field(source, CsvColumn::kTime));
  }
  return fmt::format("cast({} AS timestamp_ntz)", LocalTimeText(source));
}

int64_t OffsetSeconds(const Zone& zone) {
  return zone.ToLocalNanos(FromNanos(0)) / kNanosPerSecond;
}

std::string UtcTimestamp(const SparkSource& source) {
  const Zone zone = io::ZoneOfDialect(source.dialect).value_or(source.zone);
  std::string offset = fmt::format("{}", -OffsetSeconds(zone));
  if (source.dialect == CsvDialect::kIso) {
    const std::string time = Field(source, CsvColumn::kTime);
    offset = fmt::format(
        "CASE WHEN right({0}, 1) = 'Z' THEN 0 WHEN substring({0}, -6, 1) = '+' THEN "
        "-(int(substring({0}, -5, 2)) * 3600 + int(right({0}, 2)) * 60) WHEN substring({0}, -6, 1) "
        "= '-' THEN int(substring({0}, -5, 2)) * 3600 + int(right({0}, 2)) * 60 ELSE {1} END",
        time, offset);
  }
  if (offset == "0") return LocalTime(source);
  return fmt::format("timestampadd(SECOND, {}, {})", offset, LocalTime(source));
}

// Zero added: "-0" is read as 0.
std::string Price(const SparkSource& source, CsvColumn column, std::string_view name) {
  return fmt::format("double({}) + 0D AS {}", Field(source, column), name);
}

std::string Volume(const SparkSource& source, CsvColumn column, std::string_view name) {
  if (source.columns.IndexOf(column) < 0) return fmt::format("double(NULL) AS {}", name);
  const std::string field = Field(source, column);
  const bool millions =
      source.dialect == CsvDialect::kDukascopyNode || source.dialect == CsvDialect::kDukascopyWeb;
  return millions ? fmt::format("double(concat({}, 'e6')) + 0D AS {}", field, name)
                  : fmt::format("double(nullif({}, '')) + 0D AS {}", field, name);
}

std::string TickColumnsSql(const SparkSource& source) {
  std::string columns = UtcTimestamp(source) + " AS DateTime, " +
                        Price(source, CsvColumn::kBid, "Bid") + ", " +
                        Price(source, CsvColumn::kAsk, "Ask");
  if (source.volumes.both_sides) {
    columns += ", " + Volume(source, CsvColumn::kBidVolume, "BidVolume");
    columns += ", " + Volume(source, CsvColumn::kAskVolume, "AskVolume");
  }
  if (source.volumes.single) columns += ", " + Volume(source, CsvColumn::kVolume, "Volume");
  return columns;
}

// The end is said by what cannot follow: "$" also stands before a last line separator of any kind.
std::string RowTest(const SparkSource& source) {
  return fmt::format("value RLIKE '^{}[\\r]?(?![^a]|a)'", PlainRowPattern(source));
}

std::string PythonJob() {
  return "# Written by tickhouse: runs the statements beside it.\n"
         "import sys\n"
         "from pyspark.sql import SparkSession\n"
         "spark = SparkSession.builder.appName('tickhouse convert').getOrCreate()\n"
         "for statement in open(sys.argv[1]).read().split(';\\n'):\n"
         "    if statement.strip():\n"
         "        spark.sql(statement)\n"
         "spark.stop()\n";
}

Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return Fail(ErrorKind::kIo, fmt::format("{}: cannot be written", path));
  return {};
}

}  // namespace

bool IsPlainForSpark(const SparkSource& source) {
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '.' || c == '_';
  };
  return io::ZoneOfDialect(source.dialect).value_or(source.zone).is_fixed() &&
         std::ranges::all_of(source.symbol, is_plain) &&
         source.columns.IndexOf(CsvColumn::kTime) >= 0 &&
         // A time of day beside a day of its own is MetaTrader's form only.
         (source.columns.IndexOf(CsvColumn::kDate) >= 0) ==
             (source.dialect == CsvDialect::kMetaTrader5);
}

std::string PlainRowPattern(const SparkSource& source) {
  std::string pattern;
  for (const CsvColumn column : source.columns.columns) {
    if (!pattern.empty()) pattern += source.columns.delimiter;
    pattern += ColumnPattern(source, column);
  }
  return pattern;
}

// Two readings of the text, each with one test of a row and nothing computed twice: a filter on a
// column that is computed is computed again by Spark, once for the filter and once for the column.
std::string SparkConvertSql(std::span<const SparkSource> sources) {
  std::string sql;
  for (const SparkSource& source : sources) {
    const std::string plain = RowTest(source);
    sql += fmt::format(
        "CREATE OR REPLACE TEMPORARY VIEW src USING text OPTIONS (path '{}', lineSep '\\n');\n",
        source.text);
    sql += fmt::format(
        "INSERT OVERWRITE DIRECTORY '{}' USING parquet\n"
        "SELECT {} FROM (SELECT split(value, '{}') AS f FROM src WHERE {});\n",
        source.ticks, TickColumnsSql(source), source.columns.delimiter, plain);
    sql += fmt::format(
        "INSERT OVERWRITE DIRECTORY '{}' USING text\n"
        "SELECT concat(string(id), '\\t', value) AS value FROM (\n"
        "  SELECT monotonically_increasing_id() AS id, value FROM src) WHERE NOT ({});\n",
        source.odd, plain);
  }
  return sql;
}

Result<std::vector<std::string>> SparkCommand(const SparkProgram& program,
                                              const std::string& scratch) {
  if (program.submit.empty() == program.sql.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                "--engine spark needs either --spark-submit PROGRAM or --spark-sql PROGRAM");
  }
  std::vector<std::string> command = {program.submit.empty() ? program.sql : program.submit};
  if (!program.master.empty()) command.insert(command.end(), {"--master", program.master});
  const std::vector<std::string> settings = {
      // One split, one file: 500 MB of text each, never less to please idle processors.
      fmt::format("spark.sql.files.maxPartitionBytes={}", program.split_bytes),
      "spark.sql.files.minPartitionNum=1",
      "spark.hadoop.parquet.block.size=536870912",
      "spark.sql.parquet.compression.codec=zstd",
      "spark.hadoop.parquet.compression.codec.zstd.level=1",
      "spark.sql.parquet.outputTimestampType=TIMESTAMP_MICROS",
      "spark.sql.parquet.datetimeRebaseModeInWrite=CORRECTED",
      "spark.sql.session.timeZone=UTC",
      // A date that does not exist is a row to refuse, not the end of the job.
      "spark.sql.ansi.enabled=false",
      "spark.sql.catalogImplementation=in-memory",
      fmt::format("spark.sql.warehouse.dir={}/warehouse", scratch),
      "spark.ui.enabled=false",
  };
  for (const std::string& setting : settings) command.insert(command.end(), {"--conf", setting});
  if (program.submit.empty()) {
    command.insert(command.end(), {"-f", scratch + "/job.sql"});
  } else {
    command.insert(command.end(), {scratch + "/job.py", scratch + "/job.sql"});
  }
  return command;
}

Status RunSparkSql(const SparkProgram& program, const std::string& scratch, const std::string& sql,
                   const CancelToken& cancel) {
  ProcessRequest request;
  TICKHOUSE_ASSIGN(request.command, SparkCommand(program, scratch));
  request.folder = scratch;
  request.environment = program.environment;
  TICKHOUSE_TRY(WriteText(scratch + "/job.sql", sql));
  TICKHOUSE_TRY(WriteText(scratch + "/job.py", PythonJob()));
  const Result<ProcessAnswer> answer = RunProcess(request, cancel);
  if (!answer) return Fail(SparkNotStarted(answer.error()));
  if (answer->exit_code == 0) return {};
  return Fail(SparkFailure(request.command[0], *answer, ErrorKind::kUnavailable));
}

}  // namespace tickhouse::sql
