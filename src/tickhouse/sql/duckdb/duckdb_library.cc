#include "tickhouse/sql/duckdb/duckdb_library.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace tickhouse::sql {

namespace {

constexpr const char* kPlainName = "libduckdb.so";
constexpr const char* kModuleName = "_duckdb.cpython-311-x86_64-linux-gnu.so";
constexpr const char* kPythonName = "libpython3.11.so.1.0";

// The module looks among its own names first: half of the time to load it went into asking the rest
// of the program for tens of thousands of them. Sanitizers have to be asked first.
#ifdef TICKHOUSE_SANITIZED
constexpr int kOwnNamesFirst = 0;
#else
constexpr int kOwnNamesFirst = RTLD_DEEPBIND;
#endif

std::string DlError() {
  const char* reason = dlerror();
  return reason == nullptr ? "unknown reason" : reason;
}

class Finder {
 public:
  explicit Finder(void* library) : library_(library) {}
  template <typename Function>
  void operator()(const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(library_, name));
    if (*function == nullptr) missing_ = name;
  }
  const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

void FindConnection(Finder& find, DuckLibrary& to) {
  find("duckdb_library_version", &to.version);
  find("duckdb_create_config", &to.create_config);
  find("duckdb_set_config", &to.set_config);
  find("duckdb_destroy_config", &to.destroy_config);
  find("duckdb_open_ext", &to.open);
  find("duckdb_close", &to.close);
  find("duckdb_connect", &to.connect);
  find("duckdb_disconnect", &to.disconnect);
  find("duckdb_interrupt", &to.interrupt);
  find("duckdb_get_table_names", &to.table_names);
  find("duckdb_query", &to.query);
  find("duckdb_extract_statements", &to.extract);
  find("duckdb_extract_statements_error", &to.extract_error);
  find("duckdb_prepare_extracted_statement", &to.prepare_extracted);
  find("duckdb_destroy_extracted", &to.destroy_extracted);
  find("duckdb_prepare", &to.prepare);
  find("duckdb_prepare_error", &to.prepare_error);
  find("duckdb_destroy_prepare", &to.destroy_prepare);
  find("duckdb_nparams", &to.parameters);
  find("duckdb_prepared_statement_type", &to.statement_type);
  find("duckdb_bind_varchar_length", &to.bind_text);
  find("duckdb_bind_null", &to.bind_null);
  find("duckdb_execute_prepared_streaming", &to.execute_streaming);
}

void FindResult(Finder& find, DuckLibrary& to) {
  find("duckdb_result_error", &to.result_error);
  find("duckdb_destroy_result", &to.destroy_result);
  find("duckdb_column_count", &to.column_count);
  find("duckdb_column_name", &to.column_name);
  find("duckdb_column_type", &to.column_type);
  find("duckdb_column_logical_type", &to.column_logical_type);
  find("duckdb_decimal_width", &to.decimal_width);
  find("duckdb_decimal_scale", &to.decimal_scale);
  find("duckdb_decimal_internal_type", &to.decimal_storage);
  find("duckdb_destroy_logical_type", &to.destroy_type);
  find("duckdb_result_statement_type", &to.result_statement_type);
  find("duckdb_fetch_chunk", &to.fetch_chunk);
  find("duckdb_destroy_data_chunk", &to.destroy_chunk);
  find("duckdb_data_chunk_get_size", &to.chunk_size);
  find("duckdb_data_chunk_get_vector", &to.chunk_vector);
  find("duckdb_vector_get_data", &to.vector_data);
  find("duckdb_vector_get_validity", &to.vector_validity);
  find("duckdb_get_list_size", &to.list_size);
  find("duckdb_get_list_child", &to.list_child);
  find("duckdb_get_varchar", &to.value_text);
  find("duckdb_destroy_value", &to.destroy_value);
  find("duckdb_free", &to.free_memory);
}

Result<void*> Open(const std::string& path) {
  // The module of the wheel takes Python's symbols from whoever has them.
  if (path.ends_with(kModuleName) && dlopen(kPythonName, RTLD_LAZY | RTLD_GLOBAL) == nullptr) {
    return Fail(ErrorKind::kUnavailable,
                fmt::format("{}: {} (install the package libpython3.11)", path, DlError()));
  }
  void* library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL | kOwnNamesFirst);
  if (library == nullptr) return Fail(ErrorKind::kUnavailable, DlError());
  return library;
}

Result<DuckLibrary> LoadFile(const std::string& path) {
  TICKHOUSE_ASSIGN(void* library, Open(path));
  DuckLibrary functions;
  Finder find(library);
  FindConnection(find, functions);
  FindResult(find, functions);
  if (!find.missing().empty()) {
    return Fail(ErrorKind::kUnavailable, fmt::format("{} has no {}", path, find.missing()));
  }
  const std::string_view version = functions.version();
  if (!version.starts_with("v1.5.")) {
    return Fail(ErrorKind::kUnavailable, fmt::format("{} is version {}", path, version));
  }
  return functions;
}

Result<DuckLibrary> LoadFirst(const std::vector<std::string>& paths) {
  std::vector<std::string> problems;
  for (const std::string& path : paths) {
    Result<DuckLibrary> loaded = LoadFile(path);
    if (loaded) return loaded;
    problems.push_back(loaded.error().message);
  }
  if (problems.empty()) problems.push_back(fmt::format("no {} or {}", kPlainName, kModuleName));
  return Fail(
      ErrorKind::kUnavailable,
      fmt::format("DuckDB 1.5 is needed and was not found: {}. Install tickhouse with its lib "
                  "folder, or name the file in TICKHOUSE_DUCKDB",
                  fmt::join(problems, "; ")));
}

}  // namespace

std::vector<std::string> DuckLibrariesIn(const std::vector<std::string>& folders) {
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    for (const char* name : {kPlainName, kModuleName}) {
      const std::string path = fmt::format("{}/{}", folder, name);
      if (access(path.c_str(), F_OK) == 0) paths.push_back(path);
    }
  }
  return paths;
}

std::vector<std::string> LibraryFolders() {
  // dlopen of a bare name would look there by itself, but not from within a sanitizer's wrapper.
  void* self = dlopen(nullptr, RTLD_LAZY);
  std::vector<std::string> folders;
  Dl_serinfo size;
  if (self == nullptr || dlinfo(self, RTLD_DI_SERINFOSIZE, &size) != 0) return folders;
  const auto memory = std::make_unique<char[]>(size.dls_size);
  auto* const paths = reinterpret_cast<Dl_serinfo*>(memory.get());
  if (dlinfo(self, RTLD_DI_SERINFOSIZE, paths) == 0 && dlinfo(self, RTLD_DI_SERINFO, paths) == 0) {
    for (unsigned i = 0; i < paths->dls_cnt; ++i) {
      folders.emplace_back(paths->dls_serpath[i].dls_name);
    }
  }
  dlclose(self);
  return folders;
}

std::string FindInLibraryFolders(const std::string& name) {
  for (const std::string& folder : LibraryFolders()) {
    std::string path = fmt::format("{}/{}", folder, name);
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  return "";
}

Result<const DuckLibrary*> LoadDuckLibrary(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::string, Result<DuckLibrary>> loaded;
  const std::scoped_lock lock(mutex);
  auto found = loaded.find(path);
  if (found == loaded.end()) {
    found = loaded
                .emplace(path, LoadFirst(path.empty() ? DuckLibrariesIn(LibraryFolders())
                                                      : std::vector<std::string>{path}))
                .first;
  }
  if (!found->second) return std::unexpected(found->second.error());
  return &*found->second;
}

}  // namespace tickhouse::sql
