// The twelve hard cases of commits (and of reading what they left), each as parts that are played
// on a stage of their own and judged by the model of the random worlds.
#pragma once

#include <string>
#include <vector>

#include "../stage.h"

namespace tickhouse::sim {

struct Part {
  const char* what;
  void (*play)(Stage& stage);
  TableShape shape = {};
};

/// What this world has no place for is tested where it belongs: "Suite.Name" or "test_name" in a
/// file of the repository.
struct Elsewhere {
  const char* file;
  const char* test;
};

struct Scenario {
  int number;
  const char* name;
  const char* what;
  std::vector<Part> parts;
  std::vector<Elsewhere> elsewhere = {};
};

// In the order of the list of hard cases.
std::vector<Scenario> CommitScenarios();   ///< 1 to 3.
std::vector<Scenario> DeleteScenarios();   ///< 4, 5.
Scenario UpkeepScenario();                 ///< 6.
Scenario CrashScenario();                  ///< 7.
std::vector<Scenario> ServiceScenarios();  ///< 8, 9.
std::vector<Scenario> ReadingScenarios();  ///< 10, 11.
Scenario ForeignScenario();                ///< 12.
std::vector<Scenario> AllScenarios();

/// The first fault of any part, empty when there is none.
std::string Play(const Scenario& scenario, Scheduler& scheduler);

/// The first reference of any scenario that `source` (the repository's folder) does not have.
std::string MissingReference(const std::string& source);

}  // namespace tickhouse::sim
