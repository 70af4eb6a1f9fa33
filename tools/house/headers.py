"""Every header compiles alone. Usage: headers.py BUILD_FOLDER (its commands and objects are read).

A header that a source includes before anything else is proven by that source's object, unless a
precompiled header (or another -include) came before both. What no object proves is compiled here."""
import concurrent.futures
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

from tree import ROOT, tracked

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
FORCED = ("-include", "-imacros", "--include")


def read_commands(build):
    """(source, words of its command, object) of every source the build compiles."""
    commands = []
    for entry in json.loads((pathlib.Path(build) / "compile_commands.json").read_text()):
        words, folder = shlex.split(entry["command"]), pathlib.Path(entry["directory"])
        made = folder / words[words.index("-o") + 1]
        commands.append((folder / entry["file"], words, made))
    return commands


def flags(commands):
    """Include folders, standard and definitions as the build uses them, over all its sources."""
    seen = []
    for _, words, _ in commands:
        for i, word in enumerate(words):
            flag = [word, words[i + 1]] if word == "-isystem" else [word]
            if word.startswith(("-I", "-std", "-D")) or word == "-isystem":
                if flag not in seen:
                    seen.append(flag)
    return [word for flag in seen for word in flag]


def first_include(text):
    """What a source includes before any line but blank ones and // comments, or None."""
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("//"):
            match = INCLUDE.match(line)
            return match and match.group(1)
    return None


def proven(commands, root):
    """Headers, relative to the root, that an object as new as both files proves to compile alone."""
    headers = set()
    for source, words, made in commands:
        if any(word.startswith(FORCED) for word in words) or not made.exists():
            continue
        name = first_include(source.read_text())
        header = root / "src" / name if name else None
        if header and header.is_file() and \
                made.stat().st_mtime >= max(source.stat().st_mtime, header.stat().st_mtime):
            headers.add(f"src/{name}")
    return headers


def compile_alone(header, words, folder):
    source = pathlib.Path(folder) / (header.replace("/", "_") + ".cc")
    source.write_text(f'#include "{header.removeprefix("src/")}"\n')
    done = subprocess.run(["g++", "-fsyntax-only", *words, str(source)], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{header} does not compile alone:\n{done.stderr[:2000]}"


def main():
    commands = read_commands(sys.argv[1])
    words, known, headers = flags(commands), proven(commands, ROOT), tracked("src/tickhouse/*.h")
    rest = [header for header in headers if header not in known]
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        problems = [p for p in pool.map(lambda h: compile_alone(h, words, folder), rest) if p]
    print("\n".join(problems) or f"{len(headers)} headers compile alone: {len(rest)} compiled here, "
          f"{len(headers) - len(rest)} proven by the build, whose source includes them first")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
