"""The dashboards, one file each."""

from pi_mesh.monitoring.dashboards import gateways, glance, pis, workloads

ALL = (glance.DASHBOARD, gateways.DASHBOARD, workloads.DASHBOARD, pis.DASHBOARD)
