#include <CLI/CLI.hpp>

#include "tickhouse/app/lake/evolve.h"
#include "tickhouse/app/lake/partitions.h"
#include "tickhouse/app/lake/refs.h"
#include "tickhouse/cli/lake/verbs.h"
#include "tickhouse/cli/terminal_width.h"

namespace tickhouse::cli {

namespace {

void RegisterRollback(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::RollbackRequest>();
  CLI::App* const command = AddVerb(lake, cli, "rollback", "take a table back to an earlier state",
                                    [workspace, request](app::Environment& environment) {
                                      return app::LakeRollback(*workspace, *request, environment);
                                    });
  command->add_option("TABLE", request->table, kTable)->required();
  command->add_option("TO", request->to, kAt)->required();
  command->add_flag("--yes", request->confirmed, "do it (else the plan is told)");
  command->add_flag("--any", request->any, "also a snapshot of another history than the table's");
}

void RegisterRef(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace, bool is_branch) {
  const auto request = std::make_shared<app::RefRequest>();
  CLI::App* const command =
      AddVerb(lake, cli, is_branch ? "branch" : "tag",
              is_branch ? "name a line of snapshots, or move or remove it"
                        : "name a snapshot for good, or remove the name",
              [workspace, request, is_branch](app::Environment& environment) {
                return is_branch ? app::LakeBranch(*workspace, *request, environment)
                                 : app::LakeTag(*workspace, *request, environment);
              });
  command->add_option("TABLE", request->table, kTable)->required();
  command->add_option("NAME", request->name, "of the branch or tag")->required();
  command->add_option("AT,--at", request->at, std::string(kAt) + " (the current snapshot)");
  command->add_flag("--remove", request->remove, "take the name away");
  command->add_option("--keep-days", request->keep_days, "days after which the name may expire");
  if (is_branch) {
    command->add_option("--keep-snapshots-days", request->keep_snapshots_days,
                        "days after which its snapshots may expire");
    command->add_option("--keep-snapshots", request->keep_snapshots, "that are kept at least");
    command->add_option("--forward-to", request->forward_to,
                        "move it forward to where this branch or tag is");
  }
}

void RegisterPublish(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  struct Options {
    std::string table, what;
    bool is_wap = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      AddVerb(lake, cli, "publish", "make on main what a snapshot outside of its history made",
              [workspace, options](app::Environment& environment) {
                return app::LakePublish(*workspace, options->table, options->what, options->is_wap,
                                        environment);
              });
  command->add_option("TABLE", options->table, kTable)->required();
  command->add_option("SNAPSHOT", options->what, kAt)->required();
  command->add_flag("--wap", options->is_wap, "SNAPSHOT is the wap.id it was staged under");
}

void RegisterEvolve(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::EvolveRequest>();
  CLI::App* const command =
      AddVerb(lake, cli, "evolve", "change columns, partitioning, order and properties",
              [workspace, request](app::Environment& environment) {
                return app::LakeEvolve(*workspace, *request, environment);
              });
  command->add_option("TABLE", request->table, kTable)->required();
  const auto list = [&](const char* name, std::vector<std::string>* values, const char* help) {
    command->add_option(name, *values, help)
        ->expected(1)
        ->take_all()
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->allow_extra_args(false);
  };
  list("--add-column", &request->add_columns, "'volume double'");
  list("--drop-column", &request->drop_columns, "volume");
  list("--rename-column", &request->rename_columns, "volume=size");
  list("--promote-column", &request->promote_columns, "'lots long'");
  list("--move-column", &request->move_columns, "'side first', 'side last', 'side after bid'");
  list("--doc-column", &request->doc_columns, "'bid=best bid'; nothing after = takes it away");
  list("--add-partition", &request->add_partitions, "'month(datetime)', 'bucket[16](id)'");
  list("--drop-partition", &request->drop_partitions, "name of the field: datetime_year");
  list("--sort-by", &request->sort_by, "datetime, 'bid desc'; none");
  list("--set", &request->set_properties, "key=value");
  list("--unset", &request->unset_properties, "key");
  command->add_option("--format-version", request->format_version, "2");
}

void RegisterPartitions(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  struct Options {
    std::string table, at;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      AddVerb(lake, cli, "partitions", "rows, files and bytes of each partition",
              [workspace, options](app::Environment& environment) {
                return app::LakePartitions(*workspace, options->table, options->at, TerminalWidth(),
                                           environment);
              });
  command->add_option("TABLE", options->table, kTable)->required();
  command->add_option("--at", options->at, kAt);
}

}  // namespace

void RegisterLakeChanges(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  RegisterPartitions(lake, cli, workspace);
  RegisterRollback(lake, cli, workspace);
  RegisterRef(lake, cli, workspace, false);
  RegisterRef(lake, cli, workspace, true);
  RegisterPublish(lake, cli, workspace);
  RegisterEvolve(lake, cli, workspace);
}

}  // namespace tickhouse::cli
