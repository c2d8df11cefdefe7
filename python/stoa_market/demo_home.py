"""The folder in which a demo works: it is emptied at each start, so it must be a demo's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from .processes import stop_recorded

MARK = ".stoa-demo"


def fresh_home(home: Path, own: Path) -> None:
    """Makes `home` an empty folder, and ends what an earlier demo left running in it.

    Elsewhere `--home` names the folder with somebody's keys: what no demo made is left alone,
    but for `own`, the folder that demos use unless told otherwise.
    """
    if home.is_symlink() or (home.exists() and not home.is_dir()):
        raise SystemExit(f"error: {home} is no folder; nothing was changed")
    if home.is_dir() and any(home.iterdir()):
        if home.resolve() != own.resolve() and not (home / MARK).is_file():
            raise SystemExit(
                f"error: {home} is not empty, and no demo made it; nothing was changed\n"
                "hint: a demo empties its folder first: name one that is not there yet")
        stop_recorded(home / "running.json")
        shutil.rmtree(home)
    home.mkdir(parents=True, mode=0o700, exist_ok=True)
    (home / MARK).write_text("A demo made this folder, and the next one empties it.\n")
