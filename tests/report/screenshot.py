"""The picture of a report for the README: `python -m tests.report.screenshot RUN docs/images/report.png [en|zh]`."""

import pathlib
import shutil
import sys

from playwright.sync_api import sync_playwright

SECTIONS = ("headlines", "dispatch", "map")


def take(run: pathlib.Path, target: pathlib.Path, language: str = "en") -> None:
    """Headlines, dispatch and map of RUN/report.html, one below the other, as one PNG of 1440 px."""
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.goto((run.resolve() / "report.html").as_uri() + f"?lang={language}")
        page.evaluate("window.gridoptReady")
        hidden = f"main > section:not({', '.join('#' + s for s in SECTIONS)})"
        page.add_style_tag(content=f"{hidden} {{ display: none }} main {{ margin-bottom: 24px }}")
        page.wait_for_timeout(500)
        page.screenshot(path=target, full_page=True)
        browser.close()


if __name__ == "__main__":
    take(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), *sys.argv[3:4])
