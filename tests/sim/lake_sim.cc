// Simulates tables under several writers, maintenance and every fault at once, and checks each swap
// against a model. One seed is one world: the same seed is the same run, call by call.
//
// A scenario is one of the twelve hard cases, call by call as written; `all` plays every one, and
// with --source checks that the tests it points to are there.
//
//   lake_sim [--from N] [--seeds N] [--threads N]
//   lake_sim --scenario NAME|all [--source FOLDER]
//   lake_sim --list
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "model.h"
#include "process.h"
#include "scenarios/scenario.h"
#include "stage.h"
#include "tickhouse/core/check.h"
#include "world.h"

namespace tickhouse::sim {
namespace {

struct Options {
  uint64_t from = 1;
  uint64_t seeds = 300;
  uint64_t threads = 1;
  bool list = false;
  std::string scenario = {};
  std::string source = {};
};

struct Verdict {
  std::string fault;
  int64_t swaps = 0;
  int64_t done = 0;
};

lake::Properties DrawProperties(Random& random) {
  lake::Properties properties{{"commit.retry.num-retries", "8"}};
  if (random.Below(2) == 0) properties["commit.manifest.min-count-to-merge"] = "3";
  if (random.Below(3) == 0) {
    properties["write.metadata.delete-after-commit.enabled"] = "true";
    properties["write.metadata.previous-versions-max"] = "2";
  }
  return properties;
}

/// The life of one process. A killed one does not come back: others find what it left.
void Work(World& world, Model& model, int actor, Random random, bool writer) {
  const uint64_t operations = 1 + random.Below(3);
  Process process(world, model, actor, random.Fork(actor), kTable);
  for (uint64_t i = 0; i < operations; ++i) {
    if (writer) {
      process.Write();
    } else {
      process.Maintain();
    }
    world.Step();
  }
}

Verdict RunSeed(uint64_t seed, Scheduler& scheduler) {
  World world(seed, scheduler);
  Random random = Random(seed).Fork(3);
  world.rates = FaultRates::Draw(random);
  Model model(world, kTable);
  world.quiet = true;
  MakeTable(world, random, {.properties = DrawProperties(random)});
  world.quiet = false;
  int next_actor = 0;
  const uint64_t phases = 1 + random.Below(2);
  const uint64_t writers = 1 + random.Below(3);
  for (uint64_t phase = 0; phase < phases; ++phase) {
    std::vector<std::function<void()>> actors;
    for (uint64_t i = 0; i <= writers; ++i) {
      const int actor = ++next_actor;
      actors.emplace_back([&world, &model, actor, part = random.Fork(100 + actor),
                           writer = i < writers] { Work(world, model, actor, part, writer); });
    }
    scheduler.Run(actors, Random(seed).Fork(10 + phase));
    world.quiet = true;
    model.CheckAll();
    world.quiet = false;
    // What is left of killed writers becomes old enough for orphan removal.
    world.clock.Advance(std::chrono::hours(24 * 4));
  }
  return {model.fault(), model.swaps(), model.done()};
}

bool ParseOptions(int count, char** words, Options* options) {
  if (count == 2 && std::string_view(words[1]) == "--list") return options->list = true;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i], value = words[i + 1];
    if (name == "--scenario" || name == "--source") {
      (name == "--source" ? options->source : options->scenario) = value;
      continue;
    }
    uint64_t* target = name == "--from"      ? &options->from
                       : name == "--seeds"   ? &options->seeds
                       : name == "--threads" ? &options->threads
                                             : nullptr;
    if (target == nullptr) return false;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), *target);
    if (error != std::errc() || end != value.data() + value.size()) return false;
  }
  return count % 2 == 1 && options->threads > 0;
}

/// The threads of one world take turns: on one processor a turn costs no waking up of another.
/// Where it is not allowed things only go slower.
void StayOnProcessor(uint64_t number) {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  uint64_t left = number % static_cast<uint64_t>(std::max(1, CPU_COUNT(&allowed)));
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || left-- > 0) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
    return;
  }
}

int Run(const Options& options) {
  std::atomic<uint64_t> next = options.from;
  std::atomic<int64_t> swaps = 0, done = 0, faults = 0;
  std::mutex print;
  const auto work = [&](uint64_t worker) {
    StayOnProcessor(worker);
    Scheduler scheduler;
    for (uint64_t seed = next++; seed < options.from + options.seeds && faults < 10;
         seed = next++) {
      const Verdict verdict = RunSeed(seed, scheduler);
      swaps += verdict.swaps;
      done += verdict.done;
      if (verdict.fault.empty()) continue;
      ++faults;
      const std::scoped_lock lock(print);
      fmt::print("seed {}: {}\n", seed, verdict.fault);
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t i = 0; i < options.threads; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  fmt::print("{} seeds from {}, {} operations done, {} swaps, {} faults\n", options.seeds,
             options.from, done.load(), swaps.load(), faults.load());
  // A simulator in which nothing happens proves nothing.
  return faults == 0 && swaps > 0 && done > 0 ? 0 : 1;
}

int List() {
  for (const Scenario& scenario : AllScenarios()) {
    fmt::print("{:2} {:32} {}\n", scenario.number, scenario.name, scenario.what);
    for (const Part& part : scenario.parts) fmt::print("     - {}\n", part.what);
    for (const Elsewhere& place : scenario.elsewhere) {
      fmt::print("     elsewhere: {} in {}\n", place.test, place.file);
    }
  }
  return 0;
}

int PlayNamed(const Options& options) {
  int played = 0, faults = 0;
  Scheduler scheduler;
  for (const Scenario& scenario : AllScenarios()) {
    if (options.scenario != "all" && options.scenario != scenario.name) continue;
    const std::string fault = Play(scenario, scheduler);
    ++played;
    faults += fault.empty() ? 0 : 1;
    fmt::print("{:2} {:32} {}\n", scenario.number, scenario.name,
               fault.empty() ? fmt::format("{} parts hold", scenario.parts.size()) : fault);
  }
  if (!options.source.empty()) {
    const std::string missing = MissingReference(options.source);
    if (!missing.empty()) fmt::print("{}\n", missing);
    faults += missing.empty() ? 0 : 1;
  }
  if (played == 0) fmt::print(stderr, "no scenario {}; --list names them\n", options.scenario);
  return played > 0 && faults == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tickhouse::sim

int main(int count, char** words) {
  tickhouse::sim::Options options;
  if (!tickhouse::sim::ParseOptions(count, words, &options)) {
    fmt::print(stderr,
               "usage: lake_sim [--from N] [--seeds N] [--threads N]\n"
               "       lake_sim --scenario NAME|all [--source FOLDER]\n"
               "       lake_sim --list\n");
    return 2;
  }
  if (options.list) return tickhouse::sim::List();
  if (!options.scenario.empty()) return tickhouse::sim::PlayNamed(options);
  return tickhouse::sim::Run(options);
}
