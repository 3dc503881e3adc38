"""Alarms and dashboard: their form, their expressions, and where they lead."""

import json
import re
from pathlib import Path

import promql_parser
import pytest
import yaml
from marshmallow import RAISE, Schema, fields, validate
from promql_parser import VectorSelector

from workers.offboarding.metric import Kind
from workers.offboarding.metrics import METRICS as TOLD

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
# Each metric with its labels, as the service tells it.
METRICS = {
    one.name: set(one.labels) for one in TOLD if one.kind is not Kind.HISTOGRAM
} | {
    f"{one.name}_bucket": {*one.labels, "le"}
    for one in TOLD
    if one.kind is Kind.HISTOGRAM
}


class Annotations(Schema):
    summary = fields.Str(required=True, validate=validate.Regexp(r"[^\n]{10,120}\.$"))
    description = fields.Str(required=True, validate=validate.Length(40, 400))
    runbook_url = fields.Str(
        required=True,
        validate=validate.Regexp(
            r"https://docs\.example\.com/offboard/runbook\.md#[a-z]+$"
        ),
    )


class Labels(Schema):
    severity = fields.Str(
        required=True, validate=validate.OneOf(["critical", "warning"])
    )


Rule = Schema.from_dict(
    {
        "alert": fields.Str(
            required=True, validate=validate.Regexp(r"Offboard[A-Za-z]+$")
        ),
        "expr": fields.Str(required=True),
        "for": fields.Str(required=True, validate=validate.Regexp(r"\d+[mhd]$")),
        "labels": fields.Nested(Labels, required=True),
        "annotations": fields.Nested(Annotations, required=True),
    }
)


class Group(Schema):
    name = fields.Str(required=True, validate=validate.Regexp(r"offboard\.[a-z]+$"))
    rules = fields.List(fields.Nested(Rule), required=True, validate=validate.Length(1))


class RuleFile(Schema):
    groups = fields.List(
        fields.Nested(Group), required=True, validate=validate.Length(1)
    )


def loaded():
    text = (FOLDER / "alerts.yaml").read_text(encoding="utf-8")
    return RuleFile(unknown=RAISE).load(yaml.safe_load(text))


RULES = {one["alert"]: one for group in loaded()["groups"] for one in group["rules"]}
PANELS = {
    f"{panel['id']} {target['refId']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel.get("targets", ())
}
EXPRESSIONS = {
    **{name: one["expr"] for name, one in RULES.items()},
    # As Grafana has it, before a choice is put in.
    **{name: one.replace("$account", ".*") for name, one in PANELS.items()},
}


def selected(expression):
    """Parse an expression; return each metric it selects, with the labels it names."""
    found = []

    def look(node):
        if isinstance(node, VectorSelector):
            labels = {one.name for one in node.matchers.matchers}
            found.append((node.name, labels))

    promql_parser.walk(promql_parser.parse(expression), look)
    return found


def test_there_are_the_alarms_that_somebody_on_call_needs():
    assert {
        "OffboardCaseOpenLong",
        "OffboardTargetFailed",
        "OffboardNobodyTold",
        "OffboardNoWorker",
        "OffboardQueueNotDraining",
        "OffboardBadSignatures",
        "OffboardPreflightFailing",
        "OffboardLeaverTargets",
        "OffboardStoreDown",
        "OffboardSweepLate",
        "OffboardAccountNotSurveyed",
        "OffboardKeySlotsLow",
        "OffboardBrakeOn",
        "OffboardQuarantineWaiting",
        "OffboardApiKeyOld",
    } <= set(RULES)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_each_expression_can_be_read_and_names_what_there_is(name):
    found = selected(EXPRESSIONS[name])

    assert found
    for metric, labels in found:
        assert metric in METRICS
        assert labels <= METRICS[metric]
    kept = {one for metric, _ in found for one in METRICS[metric]}
    for named in re.findall(r"\b(?:by|on) \(([^)]*)\)", EXPRESSIONS[name]):
        assert {one.strip() for one in named.split(",") if one.strip()} <= kept


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_no_expression_counts_each_replica(name):
    """Whatever is summed was put together by max before, series by series."""
    text = EXPRESSIONS[name]

    assert not re.search(r"sum\s*(by \([^)]*\)\s*)?\((?!max by)", text)


@pytest.mark.parametrize("name", RULES)
def test_each_alarm_leads_to_its_entry_in_the_runbook(name):
    anchor = RULES[name]["annotations"]["runbook_url"].partition("#")[2]

    assert anchor == name.lower()
    entry = RUNBOOK.partition(f"\n### {name}\n")[2].partition("\n### ")[0]
    for part in ("- **Means**: ", "- **Look at**: ", "- **Do**: "):
        assert part in entry


def test_the_runbook_has_no_alarm_that_is_not_there():
    assert set(re.findall(r"^### (Offboard\w+)$", RUNBOOK, re.MULTILINE)) == set(RULES)


def test_an_alarm_speaks_only_of_labels_that_its_expression_keeps():
    for name, rule in RULES.items():
        said = " ".join(rule["annotations"].values())
        for label in re.findall(r"\$labels\.(\w+)", said):
            assert re.search(rf"by \([^)]*\b{label}\b", rule["expr"]), name


def test_the_dashboard_has_its_rows_and_takes_any_prometheus_and_account():
    rows = [one["title"] for one in DASHBOARD["panels"] if one["type"] == "row"]
    assert rows == [
        *("Departures", "Exposure", "Intake", "IBM Cloud", "Channels", "Health")
    ]
    names = {one["name"]: one["type"] for one in DASHBOARD["templating"]["list"]}
    assert names == {"datasource": "datasource", "account": "query"}
    shown = [one for one in DASHBOARD["panels"] if one["type"] != "row"]
    assert {one["datasource"]["uid"] for one in shown} == {"${datasource}"}
    assert len({one["id"] for one in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_no_panel_lies_over_another():
    taken = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_the_tests_of_the_alarms_name_alarms_that_are_there():
    text = (FOLDER / "alerts_test.yaml").read_text(encoding="utf-8")

    named = {
        one["alertname"]
        for each in yaml.safe_load(text)["tests"]
        for one in each["alert_rule_test"]
    }
    assert named <= set(RULES)
