"""A small made-up run with its report, made once."""

import shutil

import pytest

from tests.report import fake_market, fake_run


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Folder of a run of three weeks, 40 plants, names that carry markup; the report is not written yet."""
    return fake_run.make(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture
def opened(run):
    """The small run as the report reads it."""
    from gridopt.report.folder import open_run

    found = open_run(run)
    yield found
    found.data.close()


@pytest.fixture(scope="session")
def report(run):
    """The report of the small run."""
    from gridopt.report import page

    return page.write(run)


@pytest.fixture(scope="session")
def market(tmp_path_factory):
    """Folder of a made-up market run of two days, three rules, two runs, cleared to a gap of 0.31 %, with its report."""
    from gridopt.report import page

    folder = fake_market.make(tmp_path_factory.mktemp("runs") / "market", exact=False)
    page.write(folder)
    return folder


@pytest.fixture(scope="session")
def browser():
    """A headless browser; skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no chromium or chrome on this machine")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()
