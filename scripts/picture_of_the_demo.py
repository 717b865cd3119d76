"""Runs the demo on a terminal of its own, and makes docs/assets/demo.svg of what it showed.

.venv/bin/python -m scripts.picture_of_the_demo
"""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parents[1] / "docs" / "assets" / "demo.svg"
WIDTH = 100
COMMAND = ["samovar", "demo", "--kill"]

#: Where a bar was redrawn: the old text of the line is gone.
REDRAWN = re.compile(r"[^\n]*\r\x1b\[2K")
CURSOR = re.compile(r"\x1b\[\?25[lh]")
#: Rich's picture asks a web host for its font; without it the reader's own is used.
FONT_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    shown = REDRAWN.sub("", CURSOR.sub("", run_on_a_terminal().replace("\r\n", "\n")))
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(f"$ {' '.join(COMMAND)}\n{shown.rstrip()}"))
        picture = console.export_svg(title="samovar", unique_id="demo")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(FONT_FACE.sub("", picture), encoding="utf-8")
    print(f"Wrote {PICTURE}.")


def run_on_a_terminal() -> str:
    """What the demo writes when it believes that somebody looks on."""
    ours, its = pty.openpty()
    environ = os.environ | {"COLUMNS": str(WIDTH), "LINES": "40", "TERM": "xterm-256color"}
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", *COMMAND]
        with subprocess.Popen(command, cwd=directory, stdout=its, env=environ) as process:
            os.close(its)
            shown = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    if process.returncode:
        sys.exit(f"The demo failed:\n{shown.decode()}")
    return shown.decode()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that the other end is closed
        return b""


if __name__ == "__main__":
    main()
