#include "tickhouse/app/lake/upkeep/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/maintenance/check.h"
#include "tickhouse/lake/maintenance/repair.h"
#include "tickhouse/report/text/display_text.h"
#include "tickhouse/report/text/text_table.h"

namespace tickhouse::app {

namespace {

using Json = nlohmann::ordered_json;
using lake::CheckReport;
using lake::Fault;
using lake::RepairPlan;
using lake::TableIdentifier;

constexpr char kPointer[] = "pointer";

Status CollectTables(lake::Catalog& catalog, const lake::Namespace& parent,
                     std::vector<TableIdentifier>* tables) {
  TICKHOUSE_ASSIGN(const auto below, catalog.ListNamespaces(parent));
  for (const lake::Namespace& ns : below) {
    TICKHOUSE_ASSIGN(const auto here, catalog.ListTables(ns));
    tables->insert(tables->end(), here.begin(), here.end());
    TICKHOUSE_TRY(CollectTables(catalog, ns, tables));
  }
  return {};
}

Json FaultJson(const Fault& fault) {
  return {{"kind", FaultKindName(fault.kind)},
          {"location", fault.location},
          {"text", fault.text},
          {"snapshots", fault.snapshots}};
}

// The location once, where the text begins with it.
std::string FaultText(const Fault& fault) {
  if (fault.text.starts_with(fault.location)) return fault.text;
  const auto path = lake::StoragePath(fault.location);
  if (path && fault.text.starts_with(*path)) return fault.text;
  return fault.location + ": " + fault.text;
}

std::string PlanText(const RepairPlan& plan) {
  if (plan.pointer_after) {
    return fmt::format("the pointer goes to {}", report::OneLine(*plan.pointer_after));
  }
  if (plan.main_after) return fmt::format("main goes back to snapshot {}", *plan.main_after);
  return "nothing can be mended from its history";
}

class Check {
 public:
  Check(const CheckCommand& command, Workspace& workspace, Environment& environment)
      : command_(command),
        catalog_(*workspace.catalog),
        session_(SessionOf(workspace, environment)),
        environment_(environment) {
    run_.command = "lake check";
  }

  Result<RunReport> Run() {
    std::vector<TableIdentifier> tables;
    if (command_.table.empty()) {
      TICKHOUSE_TRY(CollectTables(catalog_, {}, &tables));
    } else {
      TICKHOUSE_ASSIGN(tables.emplace_back(), TableNamed(command_.table));
      // An error for a name that is not there; the faults of one that is are found below.
      TICKHOUSE_TRY(IsKnown(tables.front()));
    }
    for (const TableIdentifier& table : tables) {
      TICKHOUSE_TRY(environment_.cancel.Check());
      TICKHOUSE_TRY(CheckOne(table));
    }
    run_.counts = {{"tables", static_cast<int64_t>(tables.size())},
                   {"faults", faults_},
                   {"files", files_},
                   {"repaired", repaired_}};
    run_.details.emplace_back("tables", Dump(json_));
    run_.text = text_.ToString(command_.width) + repairs_;
    if (tables.empty()) run_.text = "no tables\n";
    return std::move(run_);
  }

 private:
  static std::string Dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  Status IsKnown(const TableIdentifier& table) {
    TICKHOUSE_ASSIGN(const auto tables, catalog_.ListTables(table.ns));
    if (std::ranges::find(tables, table) != tables.end()) return {};
    return Fail(ErrorKind::kNotFound, fmt::format("no table {}", table.ToString()));
  }

  Status CheckOne(const TableIdentifier& table) {
    const std::string name = table.ToString();
    Json json = {{"table", name}, {"faults", Json::array()}};
    const int64_t before = faults_;
    const auto loaded = catalog_.LoadTable(table);
    CheckReport report;
    if (loaded) {
      TICKHOUSE_ASSIGN(
          report, lake::CheckTable(*environment_.files, *loaded, Options(), environment_.cancel));
      for (const Fault& fault : report.faults) {
        AddFault(name, std::string(FaultKindName(fault.kind)), FaultText(fault));
        json["faults"].push_back(FaultJson(fault));
      }
    } else {
      if (!IsFault(loaded.error().kind)) return Fail(loaded.error());
      AddFault(name, kPointer, loaded.error().message);
      json["faults"].push_back({{"kind", kPointer}, {"text", loaded.error().message}});
    }
    files_ += report.files;
    json["snapshots"] = report.snapshots;
    json["manifests"] = report.manifests;
    json["files"] = report.files;
    json["rows"] = report.rows;
    json["bytes"] = report.bytes;
    text_.AddRow({name, StateText(faults_ - before), report::GroupDigits(report.snapshots),
                  report::GroupDigits(report.manifests), report::GroupDigits(report.files),
                  report::GroupDigits(report.rows), report::ShortBytes(report.bytes)});
    if (command_.repair && faults_ > before) TICKHOUSE_TRY(Repair(table, &json));
    json_.push_back(std::move(json));
    return {};
  }

  static std::string StateText(int64_t faults) {
    if (faults == 0) return "sound";
    return fmt::format("{} {}", report::GroupDigits(faults), faults == 1 ? "fault" : "faults");
  }

  lake::CheckOptions Options() const {
    return {.all_snapshots = !command_.heads, .footers = !command_.quick};
  }

  // What leads to no table is a fault; no answer of catalog or store is an error.
  static bool IsFault(ErrorKind kind) {
    return kind == ErrorKind::kNotFound || kind == ErrorKind::kCorrupt ||
           kind == ErrorKind::kUnsupported || kind == ErrorKind::kInvalidArgument;
  }

  void AddFault(const std::string& table, std::string kind, std::string message) {
    ++faults_;
    run_.problems.push_back({table, std::move(kind), std::move(message)});
  }

  // A table that cannot be mended is a problem; the others go on.
  Status Repair(const TableIdentifier& table, Json* json) {
    const std::string name = table.ToString();
    const auto plan = lake::PlanRepair(session_, table, !command_.quick);
    if (!plan) {
      if (plan.error().kind == ErrorKind::kCancelled) return Fail(plan.error());
      run_.AddProblem(name, plan.error());
      return {};
    }
    for (const std::string& note : plan->notes) {
      // Why the pointer leads nowhere was told as a fault.
      const bool told = std::ranges::any_of(run_.problems, [&](const Problem& problem) {
        return problem.item == name && note.ends_with(problem.message);
      });
      if (!told) run_.problems.push_back({name, "not-mended", note});
    }
    Json repair = {{"pointer_before", plan->pointer_before},
                   {"pointer_after", nullptr},
                   {"main_after", nullptr},
                   {"backup", nullptr},
                   {"done", false}};
    if (plan->pointer_after) repair["pointer_after"] = *plan->pointer_after;
    if (plan->main_after) repair["main_after"] = *plan->main_after;
    if (plan->empty() || command_.dry_run) {
      repairs_ += fmt::format("{}: {}{}\n", name, PlanText(*plan),
                              plan->empty() ? "" : " (dry run: nothing was changed)");
    } else {
      const auto receipt = lake::RepairTable(session_, table, *plan);
      if (receipt) {
        ++repaired_;
        repair["done"] = true;
        repairs_ += fmt::format("{}: mended; {}\n  before  {}\n", name, PlanText(*plan),
                                report::OneLine(plan->pointer_before));
        if (!receipt->backup.empty()) {
          repair["backup"] = receipt->backup;
          repairs_ += fmt::format("  backup  {}\n", report::OneLine(receipt->backup));
        }
      } else {
        run_.AddProblem(name, receipt.error());
      }
    }
    (*json)["repair"] = std::move(repair);
    return {};
  }

  const CheckCommand& command_;
  lake::Catalog& catalog_;
  lake::UpdateSession session_;
  Environment& environment_;
  RunReport run_;
  report::TextTable text_{{{"table"},
                           {"state"},
                           {"snapshots", true},
                           {"manifests", true},
                           {"files", true},
                           {"rows", true},
                           {"size", true}}};
  std::string repairs_;
  Json json_ = Json::array();
  int64_t faults_ = 0, files_ = 0, repaired_ = 0;
};

}  // namespace

Result<RunReport> LakeCheck(const WorkspaceRequest& request, const CheckCommand& command,
                            Environment& environment) {
  if (command.dry_run && !command.repair) {
    return Fail(ErrorKind::kInvalidArgument,
                "--dry-run goes with --repair: a check changes nothing");
  }
  TICKHOUSE_ASSIGN(Workspace workspace, OpenWorkspace(request, environment));
  return Check(command, workspace, environment).Run();
}

}  // namespace tickhouse::app
