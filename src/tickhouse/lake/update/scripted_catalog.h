// The harmful twin of a catalog: commits that fail before, fail after, lose their answer, or arrive
// late, as a test says. Tests only.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::lake {

enum class CommitFault {
  kNone,
  kUnavailable,  ///< kUnavailable, nothing happens.
  kLostBefore,   ///< kUnknownOutcome, nothing happens.
  kLostAfter,    ///< kUnknownOutcome, it happened.
  kLate,         ///< kUnknownOutcome; it happens before the next commit reaches the catalog.
};

/// Forwards to `base` (not owned).
class ScriptedCatalog : public Catalog {
 public:
  explicit ScriptedCatalog(Catalog* base) : base_(base) {}

  std::deque<CommitFault> commits;      ///< One for each commit to come; then kNone.
  std::deque<bool> loads_fail;          ///< One for each load to come; then false.
  std::function<void()> before_commit;  ///< A rival: run once, before the next commit.
  std::function<void()> after_commit;   ///< Run once, after the next commit.
  int commit_calls = 0;

  const std::string& name() const override { return base_->name(); }
  Status CreateNamespace(const Namespace& ns, const Properties& properties) override {
    return base_->CreateNamespace(ns, properties);
  }
  Status DropNamespace(const Namespace& ns) override { return base_->DropNamespace(ns); }
  Result<std::vector<Namespace>> ListNamespaces(const Namespace& parent) override {
    return base_->ListNamespaces(parent);
  }
  Result<Properties> LoadNamespace(const Namespace& ns) override {
    return base_->LoadNamespace(ns);
  }
  Status UpdateNamespace(const Namespace& ns, const Properties& updates,
                         const std::vector<std::string>& removals) override {
    return base_->UpdateNamespace(ns, updates, removals);
  }
  Result<std::vector<TableIdentifier>> ListTables(const Namespace& ns) override {
    return base_->ListTables(ns);
  }
  Result<LoadedTable> LoadTable(const TableIdentifier& identifier) override {
    if (Take(&loads_fail, false)) return Fail(ErrorKind::kUnavailable, "the catalog is away");
    return base_->LoadTable(identifier);
  }
  Result<LoadedTable> CreateTable(const CreateTableRequest& request) override {
    return base_->CreateTable(request);
  }
  Result<LoadedTable> RegisterTable(const TableIdentifier& identifier,
                                    const std::string& metadata_location) override {
    return base_->RegisterTable(identifier, metadata_location);
  }
  Status DropTable(const TableIdentifier& identifier) override {
    return base_->DropTable(identifier);
  }
  Status RenameTable(const TableIdentifier& from, const TableIdentifier& to) override {
    return base_->RenameTable(from, to);
  }

  Result<LoadedTable> CommitTable(const TableIdentifier& identifier,
                                  const std::vector<TableRequirement>& requirements,
                                  const std::vector<TableUpdate>& updates) override {
    ++commit_calls;
    Run(&before_commit);
    Run(&late_);
    const CommitFault fault = Take(&commits, CommitFault::kNone);
    auto answer = Answer(fault, identifier, requirements, updates);
    Run(&after_commit);
    return answer;
  }
  Result<std::string> FindPointer(const TableIdentifier& identifier) override {
    return base_->FindPointer(identifier);
  }
  Status MovePointer(const TableIdentifier& identifier, const std::string& from,
                     const std::string& to) override {
    return base_->MovePointer(identifier, from, to);
  }

 private:
  template <typename T>
  static T Take(std::deque<T>* script, T fallback) {
    if (script->empty()) return fallback;
    const T taken = script->front();
    script->pop_front();
    return taken;
  }
  static void Run(std::function<void()>* once) {
    if (const auto run = std::exchange(*once, {})) run();
  }
  Result<LoadedTable> Answer(CommitFault fault, const TableIdentifier& identifier,
                             const std::vector<TableRequirement>& requirements,
                             const std::vector<TableUpdate>& updates) {
    if (fault == CommitFault::kUnavailable) {
      return Fail(ErrorKind::kUnavailable, "the catalog is away");
    }
    if (fault == CommitFault::kLate) {
      late_ = [this, identifier, requirements, updates] {
        std::ignore = base_->CommitTable(identifier, requirements, updates);
      };
    }
    if (fault == CommitFault::kNone || fault == CommitFault::kLostAfter) {
      auto done = base_->CommitTable(identifier, requirements, updates);
      if (fault == CommitFault::kNone || !done) return done;
    }
    return Fail(ErrorKind::kUnknownOutcome, "the answer was lost");
  }

  Catalog* base_;
  std::function<void()> late_;
};

}  // namespace tickhouse::lake
