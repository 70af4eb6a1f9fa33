"""What the checks of the house share: the files of the tree and where rooms lie."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ROOT / "src" / "tickhouse"


def tracked(*patterns):
    """Files git knows or would add, as paths relative to the root, sorted."""
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, check=True).stdout.decode(errors="surrogateescape")
    return sorted(p for p in out.split("\0") if p and (ROOT / p).is_file())


def rooms():
    """The rooms of the tree: folders of src/tickhouse that hold code."""
    return sorted(p.name for p in ROOMS.iterdir() if p.is_dir() and any(p.rglob("*.h")))
