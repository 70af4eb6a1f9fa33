"""Every header compiles alone. Usage: headers.py BUILD_FOLDER (reads compile_commands.json)."""
import concurrent.futures
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

from tree import ROOT, tracked


def flags(build):
    """Include folders, standard and definitions as the build uses them, over all its sources."""
    seen = []
    for entry in json.loads((pathlib.Path(build) / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        for i, word in enumerate(words):
            flag = [word, words[i + 1]] if word == "-isystem" else [word]
            if word.startswith(("-I", "-std", "-D")) or word == "-isystem":
                if flag not in seen:
                    seen.append(flag)
    return [word for flag in seen for word in flag]


def compile_alone(header, words, folder):
    source = pathlib.Path(folder) / (header.replace("/", "_") + ".cc")
    source.write_text(f'#include "{header.removeprefix("src/")}"\n')
    done = subprocess.run(["g++", "-fsyntax-only", *words, str(source)], capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{header} does not compile alone:\n{done.stderr[:2000]}"


def main():
    words = flags(sys.argv[1])
    headers = tracked("src/tickhouse/*.h")
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(2) as pool:
        problems = [p for p in pool.map(lambda h: compile_alone(h, words, folder), headers) if p]
    print("\n".join(problems) or f"{len(headers)} headers compile alone (root {ROOT.name})")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
