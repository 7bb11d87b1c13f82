"""The Prometheus text format."""

from pi_mesh.cluster.metrics import samples


def test_a_line_of_a_metric_has_its_labels_still_escaped_its_value_and_its_time():
    text = 'a{x="1\\"} 7",y="2"} 5 1700\nb{x="1"} 2\na_more{x="1"} 2\n# a{x="1"} 2\na{} 0.5\n'
    assert [*samples(text, "a")] == [("a", {"x": '1\\"} 7', "y": "2"}, 5, 1700), ("a", {}, 0.5, 0)]
