"""Documents follow the program: every command has its guide, every option stands in it, links lead somewhere."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = os.environ.get("TICKHOUSE_BIN", str(ROOT / "build/release/bin/tickhouse"))
GLOBAL = {"--help", "--config", "--json", "--threads", "--verbose", "--quiet", "--version"}


def help_of(*words):
    return subprocess.run([BIN, *words, "--help"], capture_output=True, text=True, check=True).stdout


def verbs():
    section = help_of().split("Subcommands:")[1]
    return re.findall(r"^  ([a-z]+) ", section, re.MULTILINE)


@pytest.mark.parametrize("verb", verbs())
def test_every_option_of_a_command_stands_in_its_guide(verb):
    guide = (ROOT / "docs/guides" / f"{verb}.md").read_text()
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", help_of(verb))) - GLOBAL
    missing = sorted(option for option in options if option not in guide)
    assert not missing


@pytest.mark.parametrize("verb", verbs())
def test_every_command_stands_in_the_reference(verb):
    assert f"`{verb}" in (ROOT / "docs/reference/cli.md").read_text()


def documents():
    out = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, check=True)
    return [p for p in out.stdout.decode().split("\0") if p]


@pytest.mark.parametrize("path", documents())
def test_links_lead_somewhere(path):
    text = (ROOT / path).read_text()
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", re.sub(r"`[^`]*`", "", text)):
        if "://" not in target:
            assert ((ROOT / path).parent / target).exists(), f"{path} links to {target}"
