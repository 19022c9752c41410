"""The told persons, and one tiny run of clinosim, dealt out once for all tests of the samples."""

from pathlib import Path

import pytest
from sampling import TINY

from kakehashi.samples.build import Line, lines_of
from kakehashi.samples.charts import Chart, read_charts
from kakehashi.samples.cut import Share, cut
from kakehashi.samples.dispense import dispensed
from kakehashi.samples.insure import insured
from kakehashi.samples.people import make_people
from kakehashi.samples.story_charts import story_charts


@pytest.fixture(scope="session")
def people_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the charts of a tiny run of clinosim."""
    pytest.importorskip("clinosim", reason="clinosim is not installed (pip install 'kakehashi[demo]')")
    folder = tmp_path_factory.mktemp("people")
    make_people(folder, population=TINY)
    return folder


@pytest.fixture(scope="session")
def tiny(people_folder: Path) -> list[Chart]:
    """The charts of a tiny run of clinosim."""
    return [chart for path in sorted(people_folder.glob("*.zst")) for chart in read_charts(path)]


@pytest.fixture(scope="session")
def charts(tiny: list[Chart]) -> list[Chart]:
    """The told persons and the people of the tiny run."""
    return [*story_charts(), *tiny]


def shares_of(chart: Chart) -> list[Share]:
    """Every institution's share of one person: care, pharmacies, insurer."""
    shares = cut(chart)
    return [*shares, *dispensed(chart, shares), insured(chart)]


@pytest.fixture(scope="session")
def shares(charts: list[Chart]) -> dict[str, list[Share]]:
    """Every institution's share of everyone, by the key of the chart."""
    return {chart.key: shares_of(chart) for chart in charts}


@pytest.fixture(scope="session")
def lines(charts: list[Chart]) -> dict[str, list[Line]]:
    """What institutions send about everyone, by the key of the chart."""
    return {chart.key: list(lines_of(chart)) for chart in charts}
