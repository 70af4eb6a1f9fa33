#include "tickhouse/app/lake/upkeep/upkeep.h"

#include <CLI/CLI.hpp>

#include "tickhouse/app/lake/upkeep/check.h"
#include "tickhouse/cli/duration.h"
#include "tickhouse/cli/lake/verbs.h"
#include "tickhouse/cli/terminal_width.h"
#include "tickhouse/core/time.h"

namespace tickhouse::cli {

namespace {

constexpr char kOlderThan[] = "an age (7d, 12h) or a time";

// "7d" is seven days before now, "2024-03-01" that instant; nothing for no text.
Result<std::optional<int64_t>> Instant(const std::string& text, app::Environment& environment) {
  if (text.empty()) return std::optional<int64_t>();
  if (const auto time = ParseUtc(text)) {
    return std::optional(FloorDiv(ToNanos(*time), kNanosPerMilli));
  }
  const auto age = ParseDuration(text);
  if (!age) {
    return Fail(
        ErrorKind::kInvalidArgument,
        "--older-than " + text + ": an age such as 7d or 12h, or a time such as 2024-03-01");
  }
  const int64_t then = ToNanos(environment.clock->Now()) - age->count();
  return std::optional(FloorDiv(then, kNanosPerMilli));
}

void AddDryRun(CLI::App* command, bool* dry_run) {
  command->add_flag("--dry-run", *dry_run, "tell the plan and change nothing");
}

void RegisterExpire(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  struct Options {
    app::ExpireCommand command;
    std::string older_than;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command = AddVerb(
      lake, cli, "expire", "forget old snapshots and remove what only they needed",
      [workspace, options](app::Environment& environment) -> Result<app::RunReport> {
        TICKHOUSE_ASSIGN(options->command.older_than_ms, Instant(options->older_than, environment));
        return app::LakeExpire(*workspace, options->command, environment);
      });
  command->add_option("TABLE", options->command.table, kTable)->required();
  command->add_option("--older-than", options->older_than,
                      std::string(kOlderThan) + " (the table's properties, else 5d)");
  command
      ->add_option("--keep-last", options->command.keep_last,
                   "snapshots of each branch that stay whatever their age (1)")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--snapshot", options->command.snapshots,
                   "one that goes whatever its age (repeat it)")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--keep-files", options->command.keep_files, "remove no file");
  AddDryRun(command, &options->command.dry_run);
}

void RegisterOrphans(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  struct Options {
    app::OrphansCommand command;
    std::string older_than;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command = AddVerb(
      lake, cli, "orphans", "remove files of a table that nothing refers to",
      [workspace, options](app::Environment& environment) -> Result<app::RunReport> {
        TICKHOUSE_ASSIGN(options->command.older_than_ms, Instant(options->older_than, environment));
        return app::LakeOrphans(*workspace, options->command, environment);
      });
  command->add_option("TABLE", options->command.table, kTable)->required();
  command->add_option("--older-than", options->older_than,
                      std::string(kOlderThan) + ", at least a day ago (3d)");
  command->add_flag("--any-age", options->command.any_age,
                    "nobody is writing: younger than a day will do");
  AddDryRun(command, &options->command.dry_run);
}

void RegisterCompact(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::CompactCommand>();
  CLI::App* const command =
      AddVerb(lake, cli, "compact", "few large sorted files instead of many small ones",
              [workspace, request](app::Environment& environment) {
                return app::LakeCompact(*workspace, *request, environment);
              });
  command->add_option("TABLE", request->table, kTable)->required();
  command
      ->add_option("--target-size", request->target_bytes,
                   "of a file, as 256MB (the table's property, else 512 MiB)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber);
  command->add_option("--min-files", request->min_files,
                      "a partition with fewer small files is left alone (5)");
  AddDryRun(command, &request->dry_run);
}

void RegisterRewriteManifests(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::RewriteManifestsCommand>();
  CLI::App* const command =
      AddVerb(lake, cli, "rewrite-manifests", "few manifests sorted by partition",
              [workspace, request](app::Environment& environment) {
                return app::LakeRewriteManifests(*workspace, *request, environment);
              });
  command->add_option("TABLE", request->table, kTable)->required();
  command
      ->add_option("--target-size", request->target_bytes,
                   "of a manifest, as 8MB (the table's property, else 8 MiB)")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber);
  AddDryRun(command, &request->dry_run);
}

void RegisterCheck(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  const auto request = std::make_shared<app::CheckCommand>();
  CLI::App* const command =
      AddVerb(lake, cli, "check", "look for faults from the pointer down to the files",
              [workspace, request](app::Environment& environment) {
                request->width = TerminalWidth();
                return app::LakeCheck(*workspace, *request, environment);
              });
  command->add_option("TABLE", request->table, std::string(kTable) + " (all tables)");
  command->add_flag("--heads", request->heads, "only what branches and tags point at");
  command->add_flag("--quick", request->quick, "do not open data files");
  command->add_flag("--repair", request->repair, "go back to the last state that is whole");
  AddDryRun(command, &request->dry_run);
}

}  // namespace

void RegisterLakeUpkeep(CLI::App* lake, Cli* cli, const WorkspacePtr& workspace) {
  RegisterExpire(lake, cli, workspace);
  RegisterOrphans(lake, cli, workspace);
  RegisterCompact(lake, cli, workspace);
  RegisterRewriteManifests(lake, cli, workspace);
  RegisterCheck(lake, cli, workspace);
}

}  // namespace tickhouse::cli
