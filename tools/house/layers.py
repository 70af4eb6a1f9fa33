"""Which room includes which: compares layers.txt with the includes. Run by the test `layers`."""
import re
import sys

from tree import ROOT, tracked

INCLUDE = re.compile(r'^\s*#\s*include\s+"tickhouse/([a-z0-9_]+)/')
HEAVY_IN_CORE = re.compile(r'^\s*#\s*include\s+[<"](arrow|parquet)/')


def parse_layers(text):
    """{room: rooms it may include}; a room may include only rooms listed before it."""
    layers = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        room, _, allowed = line.partition(":")
        for name in allowed.split():
            if name not in layers:
                raise ValueError(f"layers.txt:{number}: {room} names {name}, which is not above it")
        layers[room.strip()] = allowed.split()
    return layers


def edges(files):
    """{(from, to): first place} over (path, text) pairs; tests included, they live in the room."""
    found = {}
    for path, text in files:
        room = path.split("/")[2]
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match.group(1) != room:
                found.setdefault((room, match.group(1)), f"{path}:{number}")
            if room == "core" and HEAVY_IN_CORE.match(line):
                found.setdefault((room, "arrow"), f"{path}:{number}")
    return found


def findings(layers, found, rooms):
    problems = [f"layers.txt lists {room}, which has no code" for room in layers if room not in rooms]
    problems += [f"room {room} is missing in layers.txt" for room in rooms if room not in layers]
    for (room, target), place in sorted(found.items()):
        if target not in layers.get(room, []):
            problems.append(f"{place}: {room} must not include {target}")
    for room, allowed in layers.items():
        for target in allowed:
            if (room, target) not in found:
                problems.append(f"layers.txt: {room} may include {target}, but nothing does")
    return problems


def main():
    paths = tracked("src/tickhouse/*.h", "src/tickhouse/*.cc")
    files = [(p, (ROOT / p).read_text()) for p in paths if p.count("/") > 2]
    layers = parse_layers((ROOT / "layers.txt").read_text())
    problems = findings(layers, edges(files), {p.split("/")[2] for p, _ in files})
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
