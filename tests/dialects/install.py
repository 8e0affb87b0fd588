"""Installs what the Python clients import into the folder named, unless this very list is installed there already."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

REQUIREMENTS = pathlib.Path(__file__).with_name("requirements.txt")
REMEDY = (
    "remedy: install Python 3.9 or newer with pip (Debian: apt-get install python3 python3-pip); "
    "pip needs pypi.org or a mirror set by `pip config`"
)


def main(folder):
    wanted = REQUIREMENTS.read_text()
    note = folder / ".requirements"
    if note.is_file() and note.read_text() == wanted:
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = pathlib.Path(tempfile.mkdtemp(dir=folder.parent, prefix="python-"))
    try:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        # A wheel without machine code is the same on every machine, so that one hash names it.
        pip += ["--no-deps", "--require-hashes", "--only-binary=:all:", "--platform", "any"]
        pip += ["--target", str(fresh), "--requirement", str(REQUIREMENTS)]
        if subprocess.run(pip).returncode != 0:
            sys.exit(f"the Python packages of the older clients cannot be installed\n{REMEDY}")
        (fresh / ".requirements").write_text(wanted)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


main(pathlib.Path(sys.argv[1]))
