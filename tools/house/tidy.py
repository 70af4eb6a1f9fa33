"""Style with numbers (STYLE.md), read from the sources. Exceptions stand in tools/house/exceptions.txt."""
import re
import sys

import lizard
from tree import ROOT, tracked

COLUMNS, FILE_LINES, FUNCTION_LINES, FOLDER_FILES = 100, 800, 70, 25
# Assembled, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
DRAWERS = re.compile(r"(^|/)[a-z_]*(utils?|helpers?|common|misc)(_test|_fuzz)?\.(h|cc)$")
# Call -> the rooms and files that may make it; everybody else is handed the thing.
BANNED = {
    "system_clock::now": ("src/tickhouse/core/clock.cc",),
    "steady_clock::now": ("src/tickhouse/core/clock.cc",),
    "getenv": ("src/tickhouse/app/", "src/tickhouse/cli/", "src/tickhouse/io/net/"),
    "sleep_for": ("src/tickhouse/core/clock.cc",),
    "std::random_device": (),
    "std::mt19937": (),
    "std::cout": (),
    "#include <filesystem>": (),
    "#include <iostream>": (),
}


def line_findings(path, text):
    problems = []
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS:
            problems.append(f"{path}:{number}: {len(line)} columns (at most {COLUMNS})")
        if UNFINISHED.search(line):
            problems.append(f"{path}:{number}: unfinished mark")
        if line.rstrip() != line:
            problems.append(f"{path}:{number}: space at the end of the line")
    if text.count("\n") > FILE_LINES:
        problems.append(f"{path}: {text.count(chr(10))} lines (at most {FILE_LINES})")
    if text and not text.endswith("\n"):
        problems.append(f"{path}: no line end at the end")
    return problems


def is_test(path):
    return path.startswith("tests/") or re.search(r"_(test|fuzz|bench|contract)\.(cc|h)$", path) or \
        re.search(r"(^|/)(test_|testing)", path)


def banned_findings(path, text):
    problems = []
    if is_test(path) or path.startswith("bench/"):
        return problems
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0]
        for call, allowed in BANNED.items():
            if call in code and not path.startswith(tuple(allowed) or ("-",)):
                problems.append(f"{path}:{number}: {call} is not called here (see STYLE.md)")
    return problems


def longest_stretch(text):
    """Lines between one closing brace in the first column and the next: no formatted function is longer."""
    longest = current = 0
    for line in text.splitlines():
        current += 1
        if line.startswith("}"):
            longest, current = max(longest, current), 0
    return max(longest, current)


def function_findings(path, text, exceptions):
    problems = []
    # Parsing every source takes ten seconds; most cannot hold a function that is too long.
    if longest_stretch(text) <= FUNCTION_LINES:
        return problems
    for function in lizard.analyze_file(str(ROOT / path)).function_list:
        lines = function.end_line - function.start_line + 1
        if lines > FUNCTION_LINES and f"{path} {function.name}" not in exceptions:
            problems.append(f"{path}:{function.start_line}: {function.name} has {lines} lines "
                            f"(at most {FUNCTION_LINES})")
    return problems


def header_findings(path, text):
    """A header says what it is for before its first line of code, and is included once."""
    if not path.endswith(".h"):
        return []
    problems = []
    if not text.startswith("//"):
        problems.append(f"{path}: opens without its contract")
    if "#pragma once" not in text:
        problems.append(f"{path}: no #pragma once")
    return problems


def folder_findings(paths):
    count = {}
    for path in paths:
        if path.startswith("src/") and not is_test(path):
            folder = path.rsplit("/", 1)[0]
            count[folder] = count.get(folder, 0) + 1
    return [f"{folder}: {n} files (at most {FOLDER_FILES}; make a sub-folder)"
            for folder, n in count.items() if n > FOLDER_FILES]


def document_findings(path, text):
    if not path.endswith(".md"):
        return []
    body = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = len(re.findall(r"^# ", body, re.MULTILINE))
    return [] if titles == 1 else [f"{path}: {titles} titles (exactly one)"]


def main():
    exceptions = {line.split("#")[0].strip()
                  for line in (ROOT / "tools/house/exceptions.txt").read_text().splitlines()}
    code = tracked("src/*.h", "src/*.cc", "bench/*.cc", "tests/*.cc", "tests/*.h")
    problems = folder_findings(code)
    for path in code:
        text = (ROOT / path).read_text()
        problems += line_findings(path, text) + banned_findings(path, text)
        problems += header_findings(path, text) + function_findings(path, text, exceptions)
        if DRAWERS.search(path):
            problems.append(f"{path}: a drawer for everything; name it after what it holds")
    for path in tracked("*.md"):
        problems += document_findings(path, (ROOT / path).read_text())
    for path in tracked("*.py", "*.sh", "*.cmake"):
        problems += [p for p in line_findings(path, (ROOT / path).read_text()) if "columns" not in p]
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
