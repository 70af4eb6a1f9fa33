// Snapshots of a table, the list of them, and the names (branches and tags) that point at them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

struct Snapshot {
  int64_t id = 0;
  std::optional<int64_t> parent_id = {};
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list = {};                   ///< Location; empty in old v1, see `manifests`.
  std::vector<std::string> manifests = {};          ///< v1 without a list.
  std::map<std::string, std::string> summary = {};  ///< With "operation".
  std::optional<int> schema_id = {};
  std::optional<int64_t> first_row_id = {};  ///< v3.
  std::optional<int64_t> added_rows = {};    ///< v3.
  std::string unknown_members = {};
  /// summary["operation"], or "".
  std::string_view operation() const;
  bool operator==(const Snapshot&) const = default;
};

struct SnapshotRef {
  int64_t snapshot_id = 0;
  bool is_branch = true;
  std::optional<int64_t> max_ref_age_ms = {};
  std::optional<int64_t> max_snapshot_age_ms = {};    ///< Branches only.
  std::optional<int32_t> min_snapshots_to_keep = {};  ///< Branches only.
  std::string unknown_members = {};
  bool operator==(const SnapshotRef&) const = default;
};

/// Reads like a vector. Copies share the snapshots, and each snapshot keeps its JSON once it was
/// printed: so a commit costs as much after 5,000 commits as after one, but for the bytes written.
/// Thread-safe as a vector is.
class SnapshotList {
  struct Item {
    explicit Item(Snapshot given) : snapshot(std::move(given)) {}
    const Snapshot snapshot;
    mutable std::once_flag printed = {};
    mutable std::string json = {};
  };
  using Items = std::vector<std::shared_ptr<const Item>>;

 public:
  class Iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = Snapshot;
    using difference_type = std::ptrdiff_t;
    using pointer = const Snapshot*;
    using reference = const Snapshot&;

    Iterator() = default;
    explicit Iterator(Items::const_iterator at) : at_(at) {}
    reference operator*() const { return (*at_)->snapshot; }
    pointer operator->() const { return &(*at_)->snapshot; }
    Iterator& operator++() {
      ++at_;
      return *this;
    }
    Iterator operator++(int) { return Iterator(at_++); }
    Iterator& operator--() {
      --at_;
      return *this;
    }
    Iterator operator--(int) { return Iterator(at_--); }
    bool operator==(const Iterator&) const = default;

   private:
    Items::const_iterator at_ = {};
  };
  using value_type = Snapshot;
  using const_iterator = Iterator;
  using iterator = Iterator;

  std::size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  const Snapshot& operator[](std::size_t i) const { return items_[i]->snapshot; }
  const Snapshot& front() const { return items_.front()->snapshot; }
  const Snapshot& back() const { return items_.back()->snapshot; }
  Iterator begin() const { return Iterator(items_.begin()); }
  Iterator end() const { return Iterator(items_.end()); }
  auto rbegin() const { return std::make_reverse_iterator(end()); }
  auto rend() const { return std::make_reverse_iterator(begin()); }

  /// nullptr when there is none; valid while any copy of the list holds it.
  const Snapshot* Find(int64_t id) const;

  void reserve(std::size_t size);
  void push_back(Snapshot snapshot);
  template <typename Predicate>
  void EraseIf(Predicate predicate) {
    std::erase_if(items_, [&](const auto& item) { return predicate(item->snapshot); });
    ids_.clear();
    for (const auto& item : items_) ids_.push_back(item->snapshot.id);
  }

  /// The JSON array.
  void AppendJson(std::string* text) const;
  bool operator==(const SnapshotList& other) const;

 private:
  Items items_;
  std::vector<int64_t> ids_;  // Of the items, in their order: looked through without touching them.
};

}  // namespace tickhouse::lake
