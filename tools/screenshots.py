"""Take the pictures of the README (docs/images) of the app over the current release, with Debian's chromium.

``python tools/screenshots.py`` serves ./var (BILIM_HOME) on a free port, takes the pictures and ends the server.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
MOST = 200_000  # bytes of a picture
PAGES = {
    "person": "/doc/person/askhat-aimagambetov?on=2022-06-24&lang=en&clang=en",
    "search": "/search?q=Aymagambetov&lang=en&clang=en",
    "regions": "/regions?on=2022-06-08&lang=en&clang=en",
    "question": "/queries/posts/holders?lang=en&clang=en&post=kz-minister-of-education&on=2022-06-24",
}


def take(address: str) -> None:
    """All pictures, from the server at the address. ValueError where one is too large."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 1000}, color_scheme="light")
        for name, path in PAGES.items():
            page.goto(address + path, wait_until="networkidle")
            target = IMAGES / f"{name}.png"
            page.screenshot(path=target)
            if target.stat().st_size > MOST:
                raise ValueError(f"{target.name}: {target.stat().st_size} bytes, at most {MOST}")
            print(f"docs/images/{name}.png: {target.stat().st_size} bytes", file=sys.stderr)
        browser.close()


def main() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    bilim = Path(sys.executable).parent / "bilim"
    environment = {**os.environ, "BILIM_LOG_LEVEL": "error"}
    server = subprocess.Popen([bilim, "serve", "--port", str(port)], cwd=ROOT, env=environment)
    try:
        for _ in range(600):
            try:
                with urlopen(f"http://127.0.0.1:{port}/readyz"):
                    break
            except (URLError, ConnectionError):
                time.sleep(0.2)
        take(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    main()
