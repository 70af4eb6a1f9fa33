# A tree that can be moved: bin/tickhouse finds lib/ beside it; libarrow and DuckDB are the ones that no package has.
include(GNUInstallDirs)
set_target_properties(tickhouse PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/tickhouse")
install(TARGETS tickhouse RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES "${ARROW_WHEEL}/libarrow.so.${ARROW_SO}" "${DUCKDB_MODULE}"
  "${DUCKDB_HTTPFS_FOLDER}/httpfs.duckdb_extension"
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/tickhouse)
install(FILES "${DUCKDB_FOLDER}/duckdb-1.5.5.dist-info/licenses/LICENSE"
  DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.duckdb)
install(FILES README.md LICENSE CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tickhouse)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "the tickhouse maintainers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Tick data from raw files to clean, measured, reported data")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${ARROW_WHEEL}")
set(CPACK_DEBIAN_PACKAGE_DEPENDS "tzdata, libpython3.11")
set(CPACK_STRIP_FILES ON)
include(CPack)
