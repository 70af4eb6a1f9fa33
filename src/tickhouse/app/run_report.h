// What a use case answers: counts, durations, outputs and problems; one JSON document, one exit
// code.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::app {

/// One item that failed or deserves a word, while the others went on.
struct Problem {
  std::string item;     ///< File, symbol or hour.
  std::string kind;     ///< An ErrorKindName, or a finding such as "rejected-rows".
  std::string message;  ///< Names line or offset, and the way out.
};

/// The outcome of one command. Insertion order is kept in the JSON.
struct RunReport {
  std::string command;
  std::vector<std::pair<std::string, int64_t>> counts;      ///< "rows", "files", ...
  std::vector<std::pair<std::string, double>> durations_s;  ///< "total", stages.
  std::vector<std::string> outputs;                         ///< Paths written.
  std::vector<Problem> problems;
  /// Ready-made JSON members ("name", value text) a command adds.
  std::vector<std::pair<std::string, std::string>> details;
  std::string text;  ///< What a person sees on stdout instead of the JSON.

  void AddProblem(std::string item, const Error& error);
  int64_t Count(std::string_view name) const;  ///< 0 when absent.
  /// 0 when nothing failed, 1 when some items did.
  int ExitCode() const { return problems.empty() ? 0 : 1; }
  std::string ToJson() const;
};

/// 2 wrong usage or configuration, 3 a service or device is not available, 130 interrupted, else 1.
int ExitCodeOf(const Error& error);

/// {"command":..., "error": {"kind":..., "message":...}} for a command that failed as a whole.
std::string ErrorJson(std::string_view command, const Error& error);

}  // namespace tickhouse::app
