"""Debian's Chromium, headless: pages as a reader's browser shows them."""

import shutil
import subprocess
from pathlib import Path

import pytest

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def chromium() -> str:
    """The browser's path. Skips the test where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium: install Debian's package chromium")
    return program


def open_page(page: str, profile: Path, *, width: int = 1200, virtual_seconds: int = 5) -> str:
    """The page's document after its scripts have had `virtual_seconds` to do what they want.

    Skips the test where there is no Chromium.
    """
    command = [
        chromium(),
        *QUIET,
        f"--user-data-dir={profile}",
        f"--window-size={width},2000",
        f"--virtual-time-budget={virtual_seconds * 1000}",
        "--dump-dom",
        page,
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
