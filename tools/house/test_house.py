"""The checks are tested too: each must find what it is there for."""
import os

import headers
import layers
import pytest
import rooms
import tidy

LAYERS = {"core": [], "io": ["core"]}


def test_an_include_against_the_layers_is_found():
    found = layers.edges([("src/tickhouse/core/a.h", '#include "tickhouse/io/fs/file_system.h"\n')])
    assert any("core must not include io" in p for p in layers.findings(LAYERS, found, {"core", "io"}))


def test_a_listed_edge_that_nothing_uses_is_found():
    assert any("nothing does" in p for p in layers.findings(LAYERS, {}, {"core", "io"}))


def test_a_room_missing_from_the_list_is_found():
    assert any("room sql is missing" in p for p in layers.findings(LAYERS, {}, {"core", "io", "sql"}))


def test_core_may_not_include_arrow():
    found = layers.edges([("src/tickhouse/core/a.h", "#include <arrow/api.h>\n")])
    assert any("arrow" in p for p in layers.findings(LAYERS, found, {"core", "io"}))


def test_a_layer_may_name_only_rooms_above_it():
    with pytest.raises(ValueError, match="not above"):
        layers.parse_layers("core: io\nio:\n")


def test_layers_parse_with_comments():
    assert layers.parse_layers("# words\ncore:\nio: core # bytes\n") == LAYERS


def test_a_room_without_a_readme_is_found():
    assert rooms.findings(["core"], {}, "| `core` | words |\n") == ["src/tickhouse/core has no README.md"]


def test_a_long_readme_is_found():
    assert rooms.findings(["core"], {"core": "x\n" * 41}, "| `core` | words |\n")


def test_a_map_that_differs_from_the_tree_is_found():
    problems = rooms.findings(["core"], {"core": "x\n"}, "| `lake` | tables |\n")
    assert len(problems) == 2


def test_a_long_line_and_an_unfinished_mark_are_found():
    assert tidy.line_findings("a.cc", "x" * 101 + "\n")
    assert tidy.line_findings("a.cc", "// TO" + "DO later\n")
    assert not tidy.line_findings("a.cc", "x" * 100 + "\n")


def test_a_long_file_is_found():
    assert tidy.line_findings("a.cc", "x\n" * 801)


def test_a_direct_clock_read_is_found_outside_the_clock():
    text = "auto now = std::chrono::system_clock::now();\n"
    assert tidy.banned_findings("src/tickhouse/io/a.cc", text)
    assert not tidy.banned_findings("src/tickhouse/core/clock.cc", text)
    assert not tidy.banned_findings("src/tickhouse/io/a_test.cc", text)


def test_a_header_without_contract_is_found():
    assert tidy.header_findings("a.h", "#pragma once\n")
    assert not tidy.header_findings("a.h", "// What it is.\n#pragma once\n")


def test_a_document_has_one_title():
    assert tidy.document_findings("a.md", "# One\n# Two\n")
    assert not tidy.document_findings("a.md", "# One\n```\n# comment\n```\n")


def test_only_a_source_that_can_hold_a_long_function_is_parsed(tmp_path, monkeypatch):
    monkeypatch.setattr(tidy, "ROOT", tmp_path)
    body = "  x();\n" * 80
    (tmp_path / "long.cc").write_text(f"void F() {{\n{body}}}\n")
    assert tidy.function_findings("long.cc", f"void F() {{\n{body}}}\n", set())
    assert not tidy.function_findings("long.cc", f"void F() {{\n{body}}}\n", {"long.cc F"})
    assert not tidy.function_findings("none.cc", "void F() {\n}\n" * 80, set())


def proven(tree, text, words=(), age=0):
    """What an object made `age` seconds before its source and header proves, when the source reads so."""
    source, header, made = tree / "src/a.cc", tree / "src/a.h", tree / "a.o"
    source.parent.mkdir(exist_ok=True)
    for path in (source, header, made):
        path.write_text(text)
    os.utime(made, (made.stat().st_atime, header.stat().st_mtime - age))
    os.utime(source, (source.stat().st_atime, header.stat().st_mtime))
    return headers.proven([(source, ["g++", *words], made)], tree)


def test_a_header_that_its_source_includes_first_is_proven_by_the_object(tmp_path):
    assert proven(tmp_path, '// Why.\n\n#include "a.h"\n#include <vector>\n') == {"src/a.h"}


BEHIND = ('#include <vector>\n#include "a.h"\n', '#define X\n#include "a.h"\n', "int a;\n", "")


@pytest.mark.parametrize("text", [*BEHIND, '#include "missing.h"\n'])
def test_a_header_behind_something_else_is_not_proven(tmp_path, text):
    assert proven(tmp_path, text) == set()


@pytest.mark.parametrize("words", [["-include", "pch.hxx"], ["-include-pch", "x"], ["-imacros", "m.h"]])
def test_a_header_behind_a_precompiled_one_is_not_proven(tmp_path, words):
    assert proven(tmp_path, '#include "a.h"\n', words) == set()


def test_an_object_older_than_its_source_or_header_proves_nothing(tmp_path):
    assert proven(tmp_path, '#include "a.h"\n', age=1) == set()


def test_a_source_that_was_not_compiled_proves_nothing(tmp_path):
    assert headers.proven([(tmp_path / "a.cc", ["g++"], tmp_path / "a.o")], tmp_path) == set()


def test_a_header_that_needs_another_does_not_compile_alone(tmp_path):
    (tmp_path / "a.h").write_text("int Size(Other);\n")
    assert "a.h does not compile alone" in headers.compile_alone("src/a.h", [f"-I{tmp_path}"], tmp_path)
    (tmp_path / "a.h").write_text("struct Other;\nint Size(Other);\n")
    assert headers.compile_alone("src/a.h", [f"-I{tmp_path}"], tmp_path) == ""
