"""Take the pictures of docs/images from graded submissions, in headless Chromium (dependency group `browser`).

grader demo; python -m tests.batch.synthetic reports/made-up
python docs/images/take_pictures.py reports/week07/ben-halfway reports/week07/ada-complete reports/made-up
"""

import argparse
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
SCROLL = "selector => document.querySelector(selector).scrollIntoView({behavior: 'instant'})"


def main() -> None:
    """Write report.png and phone.png from the first page, training.png in the dark from the second, class.png."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("unfinished", type=Path, help="folder of a report with checks still to pass")
    parser.add_argument("finished", type=Path, help="folder of a report whose training run went well")
    parser.add_argument("classroom", type=Path, help="folder of a class page")
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
            ("class", given.classroom, "light", 1200, 1280, "#submissions"),
        ):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto((folder.resolve() / "index.html").as_uri())
            page.evaluate(SCROLL, place)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
