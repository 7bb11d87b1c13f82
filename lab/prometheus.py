"""Prometheus on the local cluster, with the configuration that the program's Helm values give its chart.

The objects stand in for those of the chart, whose images no registry of the local cluster has.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import yaml

from lab.cluster import node_images
from lab.cluster.kubectl import kubectl
from lab.toolchain import images, programs
from lab.toolchain.catalog import BY_NAME
from lab.toolchain.image_archive import Image
from lab.workloads import CONTROL, MARK, apply, delete

NAME, PORT = "lab-prometheus", 9090
"""Name of the objects; tests have a workload `prometheus` of their own."""
JOB = "prometheus"
"""Job in which Prometheus scrapes itself, its program and the part that has it."""
FOLDER, RULES, DATA = "/etc/config", "alerting_rules.yml", "/prometheus"
IMAGE = f"quay.io/prometheus/prometheus:v{BY_NAME[JOB].version}"
USER = "65534:65534"
"""User and group as in the published image."""
READ = ["get", "list", "watch"]
PERMITTED = [
    {"apiGroups": [""], "resources": ["nodes", "nodes/metrics", "services", "endpoints", "pods"], "verbs": READ},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": READ},
]
"""What of the chart's ClusterRole the jobs need."""

Values = Mapping[str, Any]


def configuration(values: Values) -> dict[str, Any]:
    """Return prometheus.yml as the chart's templates/cm.yaml makes it of its values."""
    jobs = {name: job for name, job in values["scrapeConfigs"].items() if job.get("enabled", True)}
    own = {"static_configs": [{"targets": [f"localhost:{PORT}"]}]}
    server = values["server"]
    return {
        "global": dict(server["global"]),
        "rule_files": [f"{FOLDER}/{RULES}"],
        "scrape_configs": [
            {"job_name": name, **(own if name == JOB else {}), **job} for name, job in sorted(jobs.items())
        ],
        **({"alerting": {"alertmanagers": server["alertmanagers"]}} if "alertmanagers" in server else {}),
    }


def objects(values: Values) -> list[dict[str, Any]]:
    """Return Prometheus with its rights and its configuration."""
    texts = {"prometheus.yml": configuration(values), RULES: values["serverFiles"][RULES]}
    data = {name: yaml.safe_dump(json.loads(json.dumps(content))) for name, content in texts.items()}
    subject = {"kind": "ServiceAccount", "name": NAME, "namespace": CONTROL}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME}
    return [
        _object("v1", "ServiceAccount"),
        _object("v1", "ConfigMap", data=data),
        _object("rbac.authorization.k8s.io/v1", "ClusterRole", rules=PERMITTED),
        _object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", subjects=[subject], roleRef=role),
        _object("v1", "Service", spec={"selector": {"app": NAME}, "ports": [{"name": "http", "port": PORT}]}),
        _object("apps/v1", "Deployment", spec=_deployment(values["server"])),
    ]


def start(values: Values) -> None:
    """Start Prometheus and wait until it is ready; its program is built first if needed."""
    programs.ensure([JOB])
    place = f"/bin/{JOB}"
    # A folder that everybody may write into, as a volume at this place would be.
    image = Image(IMAGE, (place,), {place: programs.program(JOB)}, folders=(DATA,), user=USER)
    node_images.load([images.part_tar(BY_NAME[JOB], image, __file__)])
    apply(objects(values))
    kubectl("rollout", "status", "--timeout=120s", "-n", CONTROL, f"deployment/{NAME}")


def stop(values: Values) -> None:
    """Delete what `start` created."""
    delete(objects(values))


def query(expression: str) -> list[dict[str, Any]]:
    """Return the answer to an instant query: each series with its labels and its value."""
    return _asked(f"query?query={quote(expression)}")["result"]


def firing() -> set[str]:
    """Return the names of the alerts that fire."""
    return {alert["labels"]["alertname"] for alert in _asked("alerts")["alerts"] if alert["state"] == "firing"}


def _asked(path: str) -> Any:
    service = f"/api/v1/namespaces/{CONTROL}/services/{NAME}:{PORT}/proxy/api/v1/{path}"
    return json.loads(kubectl("get", "--raw", service))["data"]


def _object(version: str, kind: str, **content: object) -> dict[str, Any]:
    metadata = {"name": NAME, "namespace": CONTROL, "labels": MARK}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def _deployment(server: Values) -> dict[str, Any]:
    arguments: Iterable[str] = (
        f"--config.file={FOLDER}/prometheus.yml",
        f"--storage.tsdb.path={DATA}",
        f"--storage.tsdb.retention.time={server['retention']}",
    )
    container = {
        "name": NAME,
        "image": IMAGE,
        "args": list(arguments),
        "resources": server["resources"],
        "ports": [{"containerPort": PORT}],
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": PORT}, "periodSeconds": 1},
        "volumeMounts": [{"name": "config", "mountPath": FOLDER}],
    }
    labels = {"app": NAME, **server["podLabels"]}
    spec = {
        "serviceAccountName": NAME,
        "containers": [container],
        "terminationGracePeriodSeconds": 2,
        "volumes": [{"name": "config", "configMap": {"name": NAME}}],
    }
    template = {"metadata": {"labels": labels}, "spec": spec}
    return {"replicas": 1, "selector": {"matchLabels": {"app": NAME}}, "template": template}
