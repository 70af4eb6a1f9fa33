#!/usr/bin/env python3
"""Runs ctest and counts what ran inside each program: prints one line "N passed, N failed[, N skipped]".

Usage: run_tests.py BUILD_FOLDER [ctest options]. Ends non-zero on any failure, and when nothing ran.
"""
import pathlib
import subprocess
import sys
import xml.etree.ElementTree as xml


def count(path):
    """(passed, failed, skipped) of one JUnit or GoogleTest file."""
    passed = failed = skipped = 0
    for case in xml.parse(path).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None or case.get("result") in ("skipped", "suppressed"):
            skipped += 1
        elif case.get("status") != "notrun":
            passed += 1
    return passed, failed, skipped


def main():
    build = pathlib.Path(sys.argv[1])
    results = build / "results"
    results.mkdir(exist_ok=True)
    for old in results.glob("*.xml"):
        old.unlink()
    junit = results / "ctest.junit"
    code = subprocess.run(["ctest", "--test-dir", str(build), "-j2", "--output-on-failure",
                           "--output-junit", str(junit.resolve()), *sys.argv[2:]]).returncode
    total = [0, 0, 0]
    for case in xml.parse(junit).getroot().iter("testcase"):
        inner = results / f"{case.get('name')}.xml"
        failed = case.get("status") == "fail"
        try:
            counts = count(inner)
        except (OSError, xml.ParseError):
            # A program that died before writing its file, or a check that has no inner tests.
            counts = (0, 0, 0) if failed else ((0, 0, 1) if case.get("status") == "notrun" else (1, 0, 0))
        if failed and counts[1] == 0:
            counts = (counts[0], 1, counts[2])
        total = [a + b for a, b in zip(total, counts)]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if code != 0 or total[1] > 0 or total[0] == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
