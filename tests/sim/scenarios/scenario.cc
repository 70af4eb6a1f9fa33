#include "scenario.h"

#include <fmt/format.h>

#include <iterator>

#include "tickhouse/io/fs/local_file_system.h"

namespace tickhouse::sim {

std::vector<Scenario> AllScenarios() {
  std::vector<Scenario> all;
  const auto add = [&all](std::vector<Scenario> more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
  };
  add(CommitScenarios());
  add(DeleteScenarios());
  add({UpkeepScenario(), CrashScenario()});
  add(ServiceScenarios());
  add(ReadingScenarios());
  add({ForeignScenario()});
  return all;
}

std::string Play(const Scenario& scenario, Scheduler& scheduler) {
  for (const Part& part : scenario.parts) {
    Stage stage(scheduler, part.shape);
    part.play(stage);
    stage.Judge();
    if (!stage.model.fault().empty()) return fmt::format("{}: {}", part.what, stage.model.fault());
  }
  return "";
}

std::string MissingReference(const std::string& source) {
  const auto files = io::MakeLocalFileSystem();
  for (const Scenario& scenario : AllScenarios()) {
    for (const Elsewhere& place : scenario.elsewhere) {
      const auto text = files->ReadWhole(io::JoinPath(source, place.file));
      if (!text) return fmt::format("{}: {}", scenario.name, text.error().ToString());
      std::string wanted = place.test;  // "Suite.Name" stands as "Suite, Name".
      if (const auto dot = wanted.find('.'); dot != std::string::npos) wanted.replace(dot, 1, ", ");
      if (text->find(wanted) == std::string::npos) {
        return fmt::format("{}: {} has no test {}", scenario.name, place.file, place.test);
      }
    }
  }
  return "";
}

}  // namespace tickhouse::sim
