"""The table of metrics: documented as it is, used whole, and nothing beside it."""

import re
import runpy
from pathlib import Path

from promql_parser import parse

from workers.offboarding import metrics
from workers.offboarding.metrics import METRICS, Kind, Metric

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "workers" / "offboarding" / "metrics.py"
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def sources(*endings):
    return {
        path: path.read_text(encoding="utf-8")
        for folder in ("workers", "service")
        for ending in endings
        for path in (ROOT / folder).rglob(f"*.{ending}")
        if path != TABLE
    }


def test_the_page_of_metrics_is_the_one_the_code_makes():
    made = runpy.run_path(str(ROOT / "scripts" / "write_metrics.py"))["page"]()

    assert made == PAGE


def test_every_metric_of_the_table_is_counted_or_read_somewhere():
    code = "\n".join(sources("py").values())
    scripts = "\n".join(sources("lua").values())
    names = {
        each: name for name, each in vars(metrics).items() if isinstance(each, Metric)
    }

    idle = [
        one.name
        for one in METRICS
        if not re.search(rf"(?:\(|: )\(?{names[one]}\b,", code)
        and f"'{one.name}|" not in scripts
    ]

    assert idle == []
    assert set(names) == set(METRICS)


def test_every_name_that_a_script_counts_under_is_one_of_the_table():
    found = {
        name
        for text in sources("lua").values()
        for name in re.findall(r"'(offboard_\w+)", text)
    }

    assert found
    assert found <= {one.name for one in METRICS if one.kind is Kind.COUNTER}


def test_names_are_as_prometheus_wants_them():
    for one in METRICS:
        assert re.fullmatch(r"offboard_[a-z_]+", one.name)
        assert one.name.endswith("_total") is (one.kind is Kind.COUNTER)
        assert bool(one.buckets) is (one.kind is Kind.HISTOGRAM)
        assert list(one.buckets) == sorted(one.buckets)
        assert one.help.endswith(".")


def test_the_queries_of_the_page_can_be_asked():
    queries = re.findall(r"```promql\n(.*?)```", PAGE, re.DOTALL)

    assert len(queries) == 3
    for one in queries:
        assert parse(one)
