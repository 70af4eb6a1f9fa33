#include "world.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/catalog/memory_store.h"

namespace tickhouse::sim {
namespace {

using lake::TableIdentifier;

Error Trouble(ErrorKind kind, const std::string& what) {
  return {kind, fmt::format("{}: simulated trouble", what)};
}

class WatchedWritable : public io::WritableFile {
 public:
  WatchedWritable(World& world, Call call, std::unique_ptr<io::WritableFile> base)
      : world_(world), call_(std::move(call)), base_(std::move(base)) {}
  Status Append(std::span<const std::byte> bytes) override { return base_->Append(bytes); }
  int64_t size() const override { return base_->size(); }
  Status Commit() override {
    const Fate fate = world_.Meet(call_);
    if (fate == Fate::kRefused) return Fail(Trouble(ErrorKind::kUnavailable, call_.what));
    if (fate == Fate::kLost) return Fail(Trouble(ErrorKind::kIo, call_.what));
    const Status done = Really();
    if (done && world_.LosesAnswer(call_)) {
      return Fail(Trouble(ErrorKind::kUnknownOutcome, call_.what));
    }
    return done;
  }

 private:
  Status Really() {
    TICKHOUSE_TRY(base_->Commit());
    world_.modified_ns[call_.what] = ToNanos(world_.clock.Now());
    return {};
  }
  World& world_;
  Call call_;
  std::unique_ptr<io::WritableFile> base_;
};

class SimulatedFiles : public io::FileSystem {
 public:
  SimulatedFiles(World& world, int actor) : world_(world), actor_(actor) {}

  Result<std::unique_ptr<io::ReadableFile>> OpenRead(const std::string& path) override {
    TICKHOUSE_TRY(Ask(CallKind::kRead, path));
    return world_.files->OpenRead(path);
  }
  Result<std::unique_ptr<io::WritableFile>> Create(const std::string& path,
                                                   io::WriteOptions options) override {
    if (world_.ignores_conditions) options.must_not_exist = false;
    TICKHOUSE_ASSIGN(auto file, world_.files->Create(path, options));
    return std::make_unique<WatchedWritable>(
        world_, Call{.actor = actor_, .kind = CallKind::kWrite, .what = path}, std::move(file));
  }
  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override {
    return Fail(ErrorKind::kUnsupported, path);
  }
  Result<io::FileInfo> Stat(const std::string& path) override {
    TICKHOUSE_TRY(Ask(CallKind::kRead, path));
    return world_.files->Stat(path);
  }
  Result<std::vector<io::FileInfo>> ListFiles(const std::string& folder) override {
    TICKHOUSE_TRY(Ask(CallKind::kList, folder));
    TICKHOUSE_ASSIGN(auto listed, world_.files->ListFiles(folder));
    for (io::FileInfo& info : listed) info.modified = FromNanos(world_.modified_ns[info.path]);
    return listed;
  }
  Status Remove(const std::string& path) override {
    TICKHOUSE_TRY(Ask(CallKind::kRemove, path));
    const Status removed = world_.files->Remove(path);
    if (removed && world_.LosesAnswer({actor_, CallKind::kRemove, path})) {
      return Fail(Trouble(ErrorKind::kIo, path));
    }
    return removed;
  }
  Status Rename(const std::string& from, const std::string& to) override {
    TICKHOUSE_TRY(Ask(CallKind::kWrite, from));
    return world_.files->Rename(from, to);
  }
  Status MakeFolders(const std::string& path) override { return world_.files->MakeFolders(path); }
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override {
    return world_.files->Lock(path);
  }

 private:
  Status Ask(CallKind kind, const std::string& path) {
    const Fate fate = world_.Meet({.actor = actor_, .kind = kind, .what = path});
    if (fate == Fate::kLost) return Fail(Trouble(ErrorKind::kIo, path));
    if (fate == Fate::kRefused) return Fail(Trouble(ErrorKind::kUnavailable, path));
    return {};
  }
  World& world_;
  int actor_;
};

class SimulatedRows : public lake::TableStore {
 public:
  SimulatedRows(World& world, int actor) : world_(world), actor_(actor) {}

  Status CreateNamespace(const lake::Namespace& ns, const lake::Properties& p) override {
    return world_.rows->CreateNamespace(ns, p);
  }
  Status DropNamespace(const lake::Namespace& ns) override {
    return world_.rows->DropNamespace(ns);
  }
  Result<std::vector<lake::Namespace>> AllNamespaces() override {
    TICKHOUSE_TRY(Ask());
    return world_.rows->AllNamespaces();
  }
  Result<lake::Properties> LoadNamespace(const lake::Namespace& ns) override {
    return world_.rows->LoadNamespace(ns);
  }
  Status UpdateNamespace(const lake::Namespace& ns, const lake::Properties& updates,
                         const std::vector<std::string>& removals) override {
    return world_.rows->UpdateNamespace(ns, updates, removals);
  }
  Result<std::vector<TableIdentifier>> ListTables(const lake::Namespace& ns) override {
    TICKHOUSE_TRY(Ask());
    return world_.rows->ListTables(ns);
  }
  Result<std::string> Find(const TableIdentifier& identifier) override {
    TICKHOUSE_TRY(Ask());
    return world_.rows->Find(identifier);
  }
  Status Insert(const TableIdentifier& identifier, const std::string& location) override {
    return world_.rows->Insert(identifier, location);
  }
  Status Remove(const TableIdentifier& identifier) override {
    return world_.rows->Remove(identifier);
  }
  Status Rename(const TableIdentifier& from, const TableIdentifier& to) override {
    return world_.rows->Rename(from, to);
  }

  Status Swap(const TableIdentifier& identifier, const std::string& from,
              const std::string& to) override {
    const Call call{.actor = actor_, .kind = CallKind::kSwap, .what = to};
    const int operation = world_.operation_of[actor_];
    const Fate fate = world_.Meet(call);
    if (fate == Fate::kRefused) return Fail(Trouble(ErrorKind::kUnavailable, "catalog"));
    if (fate == Fate::kLost) return Lost();
    if (fate == Fate::kLate) {
      world_.late.push_back([&world = world_, operation, identifier, from, to] {
        std::ignore = Really(world, operation, identifier, from, to);
      });
      return Lost();
    }
    const Status done = Really(world_, operation, identifier, from, to);
    if (done && world_.LosesAnswer(call)) return Lost();
    return done;
  }

  /// Nothing here changes several tables at once.
  Status SwapAll(const std::vector<lake::PointerSwap>&) override {
    return Fail(ErrorKind::kUnsupported, "several tables at once");
  }

 private:
  static Status Really(World& world, int operation, const TableIdentifier& identifier,
                       const std::string& from, const std::string& to) {
    TICKHOUSE_TRY(world.rows->Swap(identifier, from, to));
    if (world.on_swap) {
      const bool was = std::exchange(world.quiet, true);
      world.on_swap(operation, from, to);
      world.quiet = was;
    }
    return {};
  }
  static std::unexpected<Error> Lost() { return Fail(Trouble(ErrorKind::kUnknownOutcome, "swap")); }
  Status Ask() {
    const Fate fate = world_.Meet({.actor = actor_, .kind = CallKind::kFind, .what = "catalog"});
    if (fate == Fate::kPasses) return {};
    return Fail(Trouble(ErrorKind::kUnavailable, "catalog"));
  }
  World& world_;
  int actor_;
};

}  // namespace

FaultRates FaultRates::Draw(Random& random) {
  const uint64_t weathers[] = {0, 1, 1, 4, 16};
  const uint64_t weather = weathers[random.Below(5)];
  FaultRates rates;
  for (uint64_t* rate : {&rates.refused, &rates.lost_before, &rates.lost_after, &rates.late}) {
    *rate *= weather;
  }
  return rates;
}

World::World(uint64_t seed, Scheduler& turns)
    : random(Random(seed).Fork(1)),
      scheduler(turns),
      files(io::MakeMemoryFileSystem()),
      rows(lake::MakeMemoryStore()) {}

void World::Step() {
  if (quiet || !scheduler.running()) return;
  scheduler.Yield();
  if (!late.empty() && Chance(100)) {
    const auto request = std::move(late.back());
    late.pop_back();
    request();
  }
  if (Chance(rates.killed)) throw Killed();
}

Fate World::Meet(const Call& call) {
  if (quiet) return Fate::kPasses;
  if (script) {
    const Fate fate = script(call);
    if (fate == Fate::kDies) throw Killed();
    return fate;
  }
  Step();
  const bool changes = call.kind == CallKind::kWrite || call.kind == CallKind::kSwap;
  if (Chance(rates.refused)) return Fate::kRefused;
  if (changes && Chance(rates.lost_before)) return Fate::kLost;
  if (call.kind == CallKind::kSwap && Chance(rates.late)) return Fate::kLate;
  return Fate::kPasses;
}

bool World::LosesAnswer(Call call) {
  if (quiet) return false;
  if (script) {
    call.happened = true;
    const Fate fate = script(call);
    if (fate == Fate::kDies) throw Killed();
    return fate == Fate::kLost;
  }
  Step();
  return Chance(rates.lost_after);
}

void World::LetLateOnesArrive() {
  for (const auto& request : std::exchange(late, {})) request();
}

std::unique_ptr<io::FileSystem> FilesOf(World& world, int actor) {
  return std::make_unique<SimulatedFiles>(world, actor);
}
std::unique_ptr<lake::TableStore> RowsOf(World& world, int actor) {
  return std::make_unique<SimulatedRows>(world, actor);
}

}  // namespace tickhouse::sim
