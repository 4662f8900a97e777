"""Reads what the monitoring is made of: the table of docs/operations/metrics.md, dashboards, alert rules, and /metrics texts."""
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
GRAFANA = ROOT / "deploy/grafana"

# What Prometheus itself adds.
OF_PROMETHEUS = {"up": {"job", "instance"}}
TARGET_LABELS = {"job", "instance"}
NAME = re.compile(r"\b(?:(?:tuneward|grpc_server|process)_[a-z0-9_]+|up)\b(?!\s*\()")
SERIES_OF_HISTOGRAM = ("_bucket", "_sum", "_count")


class Metric:
    """One family: type, names of its labels, and where it is shown ("server", "worker")."""

    def __init__(self, kind, labels, places, everywhere=True):
        self.kind, self.labels, self.places, self.everywhere = kind, frozenset(labels), frozenset(places), everywhere

    def __eq__(self, other):
        return (self.kind, self.labels) == (other.kind, other.labels)

    def __repr__(self):
        return f"{self.kind}{sorted(self.labels)}"


def documented(text=None):
    """name -> Metric, of the page's table."""
    text = text if text is not None else (ROOT / "docs/operations/metrics.md").read_text(encoding="utf-8")
    metrics = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("| `") or len(cells) != 5:
            continue
        name, kind, labels, where, meaning = cells
        assert meaning, f"{name} has no meaning"
        places, _, condition = where.partition(",")
        places = {"server", "worker"} if places == "both" else {places}
        assert name.strip("`") not in metrics, f"{name} is there twice"
        metrics[name.strip("`")] = Metric(kind, re.findall(r"`(\w+)`", labels), places, not condition)
    return metrics


def shown(text):
    """name -> Metric, of a /metrics text; labels are those that any of its series has."""
    metrics = {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            metrics[name] = Metric(kind, (), ())
        elif line and not line.startswith("#"):
            series = re.match(r"(\w+)(?:\{(.*)\})? \S+", line)
            name = family_of(series[1], metrics)
            labels = set(re.findall(r'(\w+)="', series[2] or "")) - {"le"}
            metrics[name] = Metric(metrics[name].kind, metrics[name].labels | labels, ())
    return metrics


def family_of(series, metrics):
    """The family that a series is of: a histogram's has a suffix."""
    for suffix in SERIES_OF_HISTOGRAM:
        family = series.removesuffix(suffix)
        if family != series and family in metrics and metrics[family].kind == "histogram":
            return family
    return series


def dashboards():
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(GRAFANA.glob("dashboards/*.json"))}


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def dashboard_expressions():
    """(where, expression); Grafana's variables are replaced as Grafana would."""
    for name, dashboard in dashboards().items():
        for panel in panels_of(dashboard):
            for target in panel.get("targets", []):
                yield f"{name}: {panel['title']}", re.sub(r"\$__(?:rate_)?interval\b", "5m", target["expr"])


def alerts(text=None):
    """name -> {expr, severity, summary, runbook}, of alerts.yml as it is written here (promtool checks that it is YAML)."""
    text = text if text is not None else (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
    rules = {}
    for block in re.split(r"\n\s*- alert: ", text)[1:]:
        name, _, body = block.partition("\n")
        expression = re.search(r"expr: (?:>-\n)?(.*?)\n\s+(?:for|labels):", body, re.S)
        rules[name.strip()] = {
            "expr": " ".join(expression[1].split()),
            "severity": re.search(r"severity: (\w+)", body)[1],
            "summary": re.search(r"summary: (.+)", body)[1],
            "runbook": re.search(r"runbook: (\S+)", body)[1],
        }
    return rules


def expression_problems(expression, metrics):
    """Metrics and labels that an expression names and that do not exist."""
    problems, labels_in_reach = [], set(TARGET_LABELS) | {"le"}
    bare = re.sub(r'"[^"]*"', '""', expression)
    names = [n for n in NAME.findall(re.sub(r"\{[^}]*\}", "", bare))]
    if not names:
        problems.append("names no metric")
    for name in names:
        family = family_of(name, metrics)
        if family in OF_PROMETHEUS:
            labels_in_reach |= OF_PROMETHEUS[family]
        elif family not in metrics:
            problems.append(f"no metric {name}")
        elif metrics[family].kind == "histogram" and family == name:
            problems.append(f"{name} is a histogram: name its _bucket, _sum or _count")
        else:
            labels_in_reach |= metrics[family].labels
    for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", bare):
        family = family_of(name, metrics)
        own = metrics[family].labels if family in metrics else OF_PROMETHEUS.get(family, set())
        problems += [f"{name} has no label {label}" for label in re.findall(r"(\w+)\s*[=!]", matchers)
                     if label not in own | TARGET_LABELS | {"le"}]
    for group in re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", bare):
        problems += [f"no label {label}" for label in re.findall(r"\w+", group) if label not in labels_in_reach]
    return problems
