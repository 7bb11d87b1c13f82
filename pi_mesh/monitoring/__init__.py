"""The mesh as Prometheus sees it: scrape jobs, alerts and dashboards, as plain data.

Source of Istio's metrics: https://istio.io/latest/docs/reference/config/metrics/ and the code of istiod and its
agents.
"""
