"""Tests that take from minutes to an hour each are left out unless they are asked for with --long.

Random cases are drawn alike each time, so that a test that fails tells of a change and not of a draw; `--hypothesis-profile search` draws
others each time.
"""

import pytest
from hypothesis import settings

settings.register_profile("alike", derandomize=True)
settings.register_profile("search", derandomize=False)
settings.load_profile("alike")


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run the tests marked long, too: minutes to an hour each")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--long"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="takes minutes to an hour; run it with --long"))
