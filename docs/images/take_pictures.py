"""Take the pictures of docs/images from two graded submissions, in headless Chromium (dependency group `browser`).

python docs/images/take_pictures.py reports/week07/ben-halfway reports/week07/ada-complete
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
SCROLL = "selector => document.querySelector(selector).scrollIntoView({behavior: 'instant'})"


def main() -> None:
    """Write report.png and phone.png from the first submission's page, training.png from the second's, in the dark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unfinished", type=Path, help="folder of a report with checks still to pass")
    parser.add_argument("finished", type=Path, help="folder of a report whose training run went well")
    given = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium on the PATH.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, folder, scheme, width, height, place in (
            ("report", given.unfinished, "light", 1000, 1280, "body"),
            ("phone", given.unfinished, "light", 390, 844, "body"),
            ("training", given.finished, "dark", 1000, 1280, "#training"),
        ):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto((folder.resolve() / "index.html").as_uri())
            page.evaluate(SCROLL, place)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
