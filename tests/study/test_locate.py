"""Where networks and studies are looked for, and in which order."""

import pytest

from gridopt.study import locate
from gridopt.study.locate import NotFound


def make(path):
    """A study file, or a network folder, whose only table is bus.csv."""
    file = path if path.suffix else path / "bus.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return path


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A user's folder as working directory, a repository and a package, none of which holds anything yet."""
    user, package = tmp_path / "user", tmp_path / "repository" / "gridopt"
    user.mkdir()
    package.mkdir(parents=True)
    monkeypatch.chdir(user)
    monkeypatch.setattr(locate, "PACKAGE", package)
    return user, package.parent, package


def test_nearest_wins(places):
    user, repository, package = places
    packaged = make(package / "_data" / "networks" / "alpine")
    assert locate.locate("networks", "alpine") == packaged
    shipped = make(repository / "networks" / "alpine")
    assert locate.locate("networks", "alpine") == shipped
    own = make(user / "networks" / "alpine")
    assert locate.locate("networks", "alpine") == own
    beside = make(user / "work" / "networks" / "alpine")
    assert locate.locate("networks", "alpine", near=make(user / "work" / "studies" / "a.yaml")) == beside


def test_a_folder_of_that_name_that_is_no_network_is_passed_over(places):
    user, repository, _ = places
    (user / "alpine").mkdir()
    shipped = make(repository / "networks" / "alpine")
    assert locate.locate("networks", "alpine") == shipped


@pytest.mark.parametrize("file", ["recipe.yaml", "2025.nc", "wind.csv", "all.parquet"])
def test_a_folder_of_that_name_without_series_is_passed_over(places, file):
    """Notes under the same name in the working directory; with a recipe or series in it the folder is the nearest."""
    user, repository, _ = places
    (user / "alpine" / "old.nc").mkdir(parents=True)
    (user / "alpine" / "notes.txt").touch()
    (repository / "profiles" / "alpine").mkdir(parents=True)
    (repository / "profiles" / "alpine" / file).touch()
    assert locate.locate("profiles", "alpine") == repository / "profiles" / "alpine"
    (user / "alpine" / file).touch()
    assert locate.locate("profiles", "alpine") == user / "alpine"


def test_a_file_of_series_by_its_name(places):
    user, _, _ = places
    (user / "farm.csv").touch()
    assert locate.locate("profiles", "farm") == locate.locate("profiles", "farm.csv") == user / "farm.csv"
    with pytest.raises(NotFound):
        locate.locate("profiles", "barn.csv")


def test_paths(places):
    user, _, _ = places
    own = user / "my" / "net"
    own.mkdir(parents=True)
    assert locate.locate("networks", "my/net") == own
    assert locate.locate("networks", own) == own
    assert locate.locate("profiles", "my/net") == own


def test_study_by_name_or_file(places):
    _, repository, _ = places
    study = make(repository / "studies" / "winter.yaml")
    assert locate.locate("studies", "winter") == study
    assert locate.locate("studies", "winter.yaml") == study
    assert locate.known("studies") == ["winter"]


def test_what_is_not_there(places):
    _, repository, _ = places
    make(repository / "networks" / "alpine")
    with pytest.raises(NotFound, match="'alpin' not found; looked in .*Known: alpine"):
        locate.locate("networks", "alpin")
