#include "tickhouse/lake/catalog/memory_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

namespace tickhouse::lake {

namespace {

bool Below(const Namespace& ns, const Namespace& parent) {
  return ns.size() >= parent.size() && std::equal(parent.begin(), parent.end(), ns.begin());
}

std::unexpected<Error> NoNamespace(const Namespace& ns) {
  return Fail(ErrorKind::kNotFound, fmt::format("no namespace {}", NamespaceText(ns)));
}
std::unexpected<Error> NoTable(const TableIdentifier& identifier) {
  return Fail(ErrorKind::kNotFound, fmt::format("no table {}", identifier.ToString()));
}
std::unexpected<Error> TableExists(const TableIdentifier& identifier) {
  return Fail(ErrorKind::kAlreadyExists,
              fmt::format("table {} exists already", identifier.ToString()));
}

class MemoryStore : public TableStore {
 public:
  Status CreateNamespace(const Namespace& ns, const Properties& properties) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    const std::scoped_lock lock(mutex_);
    if (Exists(ns)) {
      return Fail(ErrorKind::kAlreadyExists,
                  fmt::format("namespace {} exists already", NamespaceText(ns)));
    }
    namespaces_[ns] = properties;
    return {};
  }

  Status DropNamespace(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    const std::scoped_lock lock(mutex_);
    if (!Exists(ns)) return NoNamespace(ns);
    const bool used =
        std::ranges::any_of(tables_, [&](const auto& row) { return Below(row.first.ns, ns); }) ||
        std::ranges::any_of(
            namespaces_, [&](const auto& row) { return row.first != ns && Below(row.first, ns); });
    if (used) {
      return Fail(ErrorKind::kConflict,
                  fmt::format("namespace {} is not empty", NamespaceText(ns)));
    }
    namespaces_.erase(ns);
    return {};
  }

  Result<std::vector<Namespace>> AllNamespaces() override {
    const std::scoped_lock lock(mutex_);
    std::set<Namespace> found;
    const auto take = [&](Namespace ns) {
      for (; !ns.empty(); ns.pop_back()) found.insert(ns);
    };
    for (const auto& [ns, properties] : namespaces_) take(ns);
    for (const auto& [identifier, location] : tables_) take(identifier.ns);
    return std::vector<Namespace>(found.begin(), found.end());
  }

  Result<Properties> LoadNamespace(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    const std::scoped_lock lock(mutex_);
    if (!Exists(ns)) return NoNamespace(ns);
    const auto found = namespaces_.find(ns);
    return found == namespaces_.end() ? Properties() : found->second;
  }

  Status UpdateNamespace(const Namespace& ns, const Properties& updates,
                         const std::vector<std::string>& removals) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    const std::scoped_lock lock(mutex_);
    if (!Exists(ns)) return NoNamespace(ns);
    Properties& properties = namespaces_[ns];
    for (const std::string& key : removals) properties.erase(key);
    for (const auto& [key, value] : updates) properties[key] = value;
    return {};
  }

  Result<std::vector<TableIdentifier>> ListTables(const Namespace& ns) override {
    TICKHOUSE_TRY(CheckNamespace(ns));
    const std::scoped_lock lock(mutex_);
    if (!Exists(ns)) return NoNamespace(ns);
    std::vector<TableIdentifier> found;
    for (const auto& [identifier, location] : tables_) {
      if (identifier.ns == ns) found.push_back(identifier);
    }
    return found;
  }

  Result<std::string> Find(const TableIdentifier& identifier) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    const std::scoped_lock lock(mutex_);
    const auto found = tables_.find(identifier);
    if (found == tables_.end()) return NoTable(identifier);
    return found->second;
  }

  Status Insert(const TableIdentifier& identifier, const std::string& location) override {
    return SwapAll({{identifier, "", location}});
  }

  Status Swap(const TableIdentifier& identifier, const std::string& from,
              const std::string& to) override {
    return SwapAll({{identifier, from, to}});
  }

  Status SwapAll(const std::vector<PointerSwap>& swaps) override {
    const std::scoped_lock lock(mutex_);
    for (const PointerSwap& swap : swaps) TICKHOUSE_TRY(MayMove(swap));
    for (const PointerSwap& swap : swaps) tables_[swap.identifier] = swap.to;
    return {};
  }

  Status Remove(const TableIdentifier& identifier) override {
    TICKHOUSE_TRY(CheckIdentifier(identifier));
    const std::scoped_lock lock(mutex_);
    if (tables_.erase(identifier) == 0) return NoTable(identifier);
    return {};
  }

  Status Rename(const TableIdentifier& from, const TableIdentifier& to) override {
    TICKHOUSE_TRY(CheckIdentifier(from));
    TICKHOUSE_TRY(CheckIdentifier(to));
    const std::scoped_lock lock(mutex_);
    const auto found = tables_.find(from);
    if (found == tables_.end()) return NoTable(from);
    if (!Exists(to.ns)) return NoNamespace(to.ns);
    if (!tables_.emplace(to, found->second).second) return TableExists(to);
    tables_.erase(found);
    return {};
  }

 private:
  Status MayMove(const PointerSwap& swap) const {
    TICKHOUSE_TRY(CheckIdentifier(swap.identifier));
    const auto found = tables_.find(swap.identifier);
    if (swap.from.empty()) {
      if (!Exists(swap.identifier.ns)) return NoNamespace(swap.identifier.ns);
      return found == tables_.end() ? Status() : TableExists(swap.identifier);
    }
    if (found == tables_.end()) return NoTable(swap.identifier);
    if (found->second == swap.from) return {};
    return Fail(ErrorKind::kConflict,
                fmt::format("table {}: another writer was first, it is at {} now",
                            swap.identifier.ToString(), found->second));
  }

  bool Exists(const Namespace& ns) const {
    return std::ranges::any_of(namespaces_,
                               [&](const auto& row) { return Below(row.first, ns); }) ||
           std::ranges::any_of(tables_, [&](const auto& row) { return Below(row.first.ns, ns); });
  }

  std::mutex mutex_;
  std::map<Namespace, Properties> namespaces_;
  std::map<TableIdentifier, std::string> tables_;
};

}  // namespace

std::unique_ptr<TableStore> MakeMemoryStore() {
  return std::make_unique<MemoryStore>();
}

}  // namespace tickhouse::lake
