#include "tickhouse/cli/terminal_progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tickhouse::cli {

namespace {

constexpr int64_t kTerminalPeriodNs = 100 * kNanosPerMilli;
constexpr int64_t kLinePeriodNs = 10 * kNanosPerSecond;
constexpr int kBarCells = 24;

std::string Amount(double value, const std::string& unit) {
  if (unit != "bytes") return fmt::format("{:.0f} {}", value, unit);
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t scale = 0;
  while (value >= 1000 && scale + 1 < std::size(kUnits)) {
    value /= 1000;
    ++scale;
  }
  return fmt::format("{:.{}f} {}", value, scale == 0 ? 0 : 1, kUnits[scale]);
}

std::string TimeLeft(double seconds) {
  const auto whole = std::llround(seconds);
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

std::string ProgressLine(const std::string& verb, int64_t done, int64_t total,
                         const std::string& unit, double seconds, int width) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line;
  if (total > 0) {
    const double part =
        std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
    const auto cells = static_cast<std::size_t>(part * kBarCells);
    const std::string bar = std::string(cells, '=') + (cells < kBarCells ? ">" : "");
    line = fmt::format("{} [{:<{}}] {:3.0f} %  {}/s", verb, bar, kBarCells, part * 100,
                       Amount(rate, unit));
    if (rate > 0 && done < total) {
      line += "  " + TimeLeft(static_cast<double>(total - done) / rate) + " left";
    }
  } else {
    line = fmt::format("{} {}  {}/s", verb, Amount(static_cast<double>(done), unit),
                       Amount(rate, unit));
  }
  if (static_cast<int>(line.size()) > width)
    line.resize(static_cast<std::size_t>(std::max(0, width)));
  return line;
}

TerminalProgress::TerminalProgress(Clock* clock, bool is_terminal)
    : clock_(clock), is_terminal_(is_terminal) {}

void TerminalProgress::Start(std::string_view verb, int64_t total, std::string_view unit) {
  std::scoped_lock lock(mutex_);
  verb_ = verb;
  unit_ = unit;
  total_ = total;
  done_ = 0;
  started_ns_ = drawn_ns_ = clock_->MonotonicNanos();
  drawn_ = false;
}

void TerminalProgress::Advance(int64_t amount) {
  std::scoped_lock lock(mutex_);
  done_ += amount;
  const int64_t now = clock_->MonotonicNanos();
  if (now - drawn_ns_ < (is_terminal_ ? kTerminalPeriodNs : kLinePeriodNs)) return;
  drawn_ns_ = now;
  Draw(false);
}

void TerminalProgress::Finish() {
  std::scoped_lock lock(mutex_);
  if (drawn_) Draw(true);
  drawn_ = false;
}

void TerminalProgress::Draw(bool last) {
  const double seconds = static_cast<double>(clock_->MonotonicNanos() - started_ns_) /
                         static_cast<double>(kNanosPerSecond);
  drawn_ = true;
  if (is_terminal_) {
    const int width = TerminalWidth() - 1;
    const std::string line = ProgressLine(verb_, done_, total_, unit_, seconds, width);
    std::fprintf(stderr, "\r%-*s%s", width, line.c_str(), last ? "\n" : "");
  } else {
    std::fprintf(stderr, "%s\n", ProgressLine(verb_, done_, total_, unit_, seconds, 200).c_str());
  }
  std::fflush(stderr);
}

}  // namespace tickhouse::cli
