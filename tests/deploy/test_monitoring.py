"""deploy/prometheus and deploy/grafana: every metric and label in them is one that running servers expose."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tacet.observing.metrics import METRICS, PREFIX, Kind
from tacet.setting_rules import MAX_PORT
from tests.deploy.test_metrics import ONLY_IN_TROUBLE
from tests.documents import ROOT

FOLDER = ROOT / "deploy"
CONFIGURATION: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus" / "prometheus.yml").read_text())
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana" / "tacet.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]

_METRIC = re.compile(r"\b((?:tacet|process)_\w+|up)\b(?!\s*\()")
_CONDITIONS = re.compile(r"(?P<metric>\w+)\{(?P<inside>[^}]*)\}")
_LABEL = re.compile(r'(\w+)\s*(?:=~|!=|!~|=)\s*"')
_GROUPED = re.compile(r"\bby \(([^)]*)\)")
_CALLED = re.compile(r"\b(\w+)\s*(?=\()")

FUNCTIONS = {"sum", "rate", "increase", "changes", "histogram_quantile", "topk", "by"}
OF_PROMETHEUS = {"instance", "job", "le"}
OF_PROCESSES = {"process_start_time_seconds", "process_open_fds", "process_max_fds", "process_cpu_seconds_total"}
OF_PROCESSES |= {"process_resident_memory_bytes", "up"}


def expressions() -> Iterator[Any]:
    for rule in RULES:
        yield pytest.param(rule["expr"], id=rule["alert"])
    for panel in PANELS:
        for target in panel["targets"]:
            yield pytest.param(target["expr"], id=f"{panel['title']}, {target['refId']}")


every_expression = pytest.mark.parametrize("expression", [*expressions()])


def base(sample: str) -> str:
    """A metric's name without its prefix, and without what a histogram's samples end in."""
    name = sample.removeprefix(PREFIX)
    for ending in ("_bucket", "_sum", "_count"):
        whole = name.removesuffix(ending)
        if name.endswith(ending) and whole in METRICS and METRICS[whole].kind is Kind.HISTOGRAM:
            return whole
    return name


@every_expression
def test_every_metric_is_exposed(expression: str, exposed: dict[str, set[str]]) -> None:
    for name in _METRIC.findall(expression):
        if base(name) in ONLY_IN_TROUBLE:
            continue
        assert name in exposed or name in OF_PROCESSES


@every_expression
def test_every_label_is_one_of_its_metric(expression: str) -> None:
    for found in _CONDITIONS.finditer(expression):
        metric = METRICS.get(base(found["metric"]))
        known = {*OF_PROMETHEUS, *(metric.labels if metric else ())}
        assert set(_LABEL.findall(found["inside"])) <= known
    names = [METRICS[base(name)] for name in _METRIC.findall(expression) if base(name) in METRICS]
    known = OF_PROMETHEUS.union(*(metric.labels for metric in names))
    for labels in _GROUPED.findall(expression):
        assert {label.strip() for label in labels.split(",")} <= known


@every_expression
def test_every_rate_is_one_of_a_counter(expression: str) -> None:
    for name in re.findall(r"\b(?:rate|increase)\((\w+)", expression):
        metric = METRICS.get(base(name))
        assert metric is None or metric.kind is not Kind.GAUGE


@every_expression
def test_it_is_well_formed(expression: str) -> None:
    depth = 0
    for character in expression:
        depth += {"(": 1, ")": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    assert expression.count('"') % 2 == 0
    assert set(_CALLED.findall(re.sub(r'"[^"]*"', '""', expression))) <= FUNCTIONS | {"or", "and"}


@every_expression
def test_a_quantile_has_the_ranges(expression: str) -> None:
    for name, kept in re.findall(r"histogram_quantile\([\d.]+, sum by \(([^)]*)\) \(rate\((\w+)", expression):
        assert "le" in name.split(", ")
        assert kept.endswith("_bucket")


class TestAlerts:
    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
    def test_each_says_how_urgent_it_is_and_what_is_the_matter(self, rule: dict[str, Any]) -> None:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["alert"].startswith("Tacet")
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert len(rule["annotations"]["summary"]) > 20

    def test_no_two_have_one_name(self) -> None:
        names = [rule["alert"] for rule in RULES]
        assert len(set(names)) == len(names)

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
    def test_a_summary_names_only_labels_that_the_expression_keeps(self, rule: dict[str, Any]) -> None:
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        for kept in _GROUPED.findall(rule["expr"]):
            assert named <= {label.strip() for label in kept.split(",")}


class TestScraping:
    def test_the_alerts_are_the_ones_beside_it(self) -> None:
        for name in CONFIGURATION["rule_files"]:
            assert (FOLDER / "prometheus" / name).is_file()

    def test_the_job_has_the_name_that_alerts_ask_for(self) -> None:
        jobs = {job["job_name"] for job in CONFIGURATION["scrape_configs"]}
        asked = {name for rule in RULES for name in re.findall(r'job="(\w+)"', rule["expr"])}
        assert asked == jobs == {"tacet"}

    def test_targets_are_addresses_of_processes_one_after_another(self) -> None:
        (job,) = CONFIGURATION["scrape_configs"]
        (listed,) = job["static_configs"]
        ports = [int(target.rpartition(":")[2]) for target in listed["targets"]]
        assert ports == list(range(ports[0], ports[0] + len(ports)))
        assert ports[-1] <= MAX_PORT


class TestDashboard:
    def test_every_metric_of_ours_is_on_it(self) -> None:
        shown = {base(name) for panel in PANELS for each in panel["targets"] for name in _METRIC.findall(each["expr"])}
        assert METRICS.keys() - shown == {"requests_limit", "homes", "request_log_dropped_total"}

    def test_panels_have_ids_titles_and_places_of_their_own(self) -> None:
        panels = DASHBOARD["panels"]
        ids, titles = [panel["id"] for panel in panels], [panel["title"] for panel in panels]
        assert len(set(ids)) == len(set(titles)) == len(panels)
        taken: set[tuple[int, int]] = set()
        for panel in panels:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert max(x for x, _ in cells) < 24
            assert not cells & taken
            taken |= cells

    def test_every_query_is_of_the_chosen_source_and_processes(self) -> None:
        variables = {each["name"] for each in DASHBOARD["templating"]["list"]}
        assert variables == {"datasource", "instance"}
        for panel in PANELS:
            for target in panel["targets"]:
                assert target["datasource"]["uid"] == "${datasource}"
                assert 'instance=~"$instance"' in target["expr"]
                assert set(re.findall(r"\$(\w+)", target["expr"])) <= variables | {"__rate_interval"}
