"""Every room has a short README, and the map in ARCHITECTURE.md equals the tree."""
import re
import sys

from tree import ROOMS, ROOT, rooms

README_LINES = 40


def map_of(architecture):
    """Room names of the table in ARCHITECTURE.md: rows such as "| `core` | ... |"."""
    return re.findall(r"^\| `([a-z]+)` \|", architecture, re.MULTILINE)


def findings(names, readmes, architecture):
    problems = []
    for name in names:
        if name not in readmes:
            problems.append(f"src/tickhouse/{name} has no README.md")
        elif readmes[name].count("\n") > README_LINES:
            problems.append(f"src/tickhouse/{name}/README.md is longer than {README_LINES} lines")
    listed = map_of(architecture)
    problems += [f"ARCHITECTURE.md does not list room {n}" for n in names if n not in listed]
    problems += [f"ARCHITECTURE.md lists {n}, which has no code" for n in listed if n not in names]
    return problems


def main():
    names = rooms()
    readmes = {n: (ROOMS / n / "README.md").read_text()
               for n in names if (ROOMS / n / "README.md").exists()}
    problems = findings(names, readmes, (ROOT / "ARCHITECTURE.md").read_text())
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
