// DuckDB's C interface, as much of it as is used, found when first needed: linked, its 60 MB would
// start with every `--help`. Declared here, so that no header of DuckDB is needed to build. It is
// exported by a plain libduckdb.so and by the module of DuckDB's Python wheel alike; the module
// needs the symbols of libpython to load, but Python itself is never started.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::sql {

/// Filled and read by the library alone; passed by value where its interface says so.
struct DuckResult {
  uint64_t unused[3] = {};
  void* unused_columns = nullptr;
  char* unused_error = nullptr;
  void* internal = nullptr;
};

/// Handles are pointers to what only the library knows; a state is 0 when it went well.
struct DuckLibrary {
  using State = int;
  const char* (*version)() = nullptr;
  State (*create_config)(void** config) = nullptr;
  State (*set_config)(void* config, const char* name, const char* value) = nullptr;
  void (*destroy_config)(void** config) = nullptr;
  State (*open)(const char* path, void** database, void* config, char** error) = nullptr;
  void (*close)(void** database) = nullptr;
  State (*connect)(void* database, void** connection) = nullptr;
  void (*disconnect)(void** connection) = nullptr;
  void (*interrupt)(void* connection) = nullptr;
  void* (*table_names)(void* connection, const char* query, bool qualified) = nullptr;
  State (*query)(void* connection, const char* query, DuckResult* result) = nullptr;
  uint64_t (*extract)(void* connection, const char* query, void** statements) = nullptr;
  const char* (*extract_error)(void* statements) = nullptr;
  State (*prepare_extracted)(void* connection, void* statements, uint64_t index,
                             void** prepared) = nullptr;
  void (*destroy_extracted)(void** statements) = nullptr;
  State (*prepare)(void* connection, const char* query, void** prepared) = nullptr;
  const char* (*prepare_error)(void* prepared) = nullptr;
  void (*destroy_prepare)(void** prepared) = nullptr;
  uint64_t (*parameters)(void* prepared) = nullptr;
  int (*statement_type)(void* prepared) = nullptr;
  State (*bind_text)(void* prepared, uint64_t index, const char* text, uint64_t bytes) = nullptr;
  State (*bind_null)(void* prepared, uint64_t index) = nullptr;
  State (*execute_streaming)(void* prepared, DuckResult* result) = nullptr;
  const char* (*result_error)(DuckResult* result) = nullptr;
  void (*destroy_result)(DuckResult* result) = nullptr;
  uint64_t (*column_count)(DuckResult* result) = nullptr;
  const char* (*column_name)(DuckResult* result, uint64_t column) = nullptr;
  int (*column_type)(DuckResult* result, uint64_t column) = nullptr;
  void* (*column_logical_type)(DuckResult* result, uint64_t column) = nullptr;
  uint8_t (*decimal_width)(void* type) = nullptr;
  uint8_t (*decimal_scale)(void* type) = nullptr;
  int (*decimal_storage)(void* type) = nullptr;
  void (*destroy_type)(void** type) = nullptr;
  int (*result_statement_type)(DuckResult result) = nullptr;
  void* (*fetch_chunk)(DuckResult result) = nullptr;
  void (*destroy_chunk)(void** chunk) = nullptr;
  uint64_t (*chunk_size)(void* chunk) = nullptr;
  void* (*chunk_vector)(void* chunk, uint64_t column) = nullptr;
  void* (*vector_data)(void* vector) = nullptr;
  uint64_t* (*vector_validity)(void* vector) = nullptr;
  uint64_t (*list_size)(void* value) = nullptr;
  void* (*list_child)(void* value, uint64_t index) = nullptr;
  char* (*value_text)(void* value) = nullptr;
  void (*destroy_value)(void** value) = nullptr;
  void (*free_memory)(void* memory) = nullptr;
};

/// Files that may be DuckDB among `folders`, in order; in one folder a plain libduckdb.so goes
/// before the module of the wheel.
std::vector<std::string> DuckLibrariesIn(const std::vector<std::string>& folders);

/// Where this program looks for its libraries: LD_LIBRARY_PATH, its own run path (lib/tickhouse of
/// an installed tree, the unpacked wheel of a build tree), the system's folders.
std::vector<std::string> LibraryFolders();

/// The first of `LibraryFolders()` that has a file of that name: its path, or empty.
std::string FindInLibraryFolders(const std::string& name);

/// `path` names the file; empty: the first of `DuckLibrariesIn(LibraryFolders())` that loads.
/// Loaded once a path and kept; safe for several threads. kUnavailable: none was found, or none is
/// of the version that this was written for (1.5); the message names what was tried and the way
/// out.
Result<const DuckLibrary*> LoadDuckLibrary(const std::string& path);

}  // namespace tickhouse::sql
