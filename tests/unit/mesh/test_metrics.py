"""The tallies, in Prometheus' form."""

from prometheus_client.exposition import generate_latest

from servers.mesh.metrics import Metrics


def test_a_tally_becomes_counters_a_gauge_and_a_cumulative_histogram() -> None:
    metrics = Metrics()
    tally = metrics.tally("/a.B/C")
    assert metrics.tally("/a.B/C") is tally
    tally.in_progress = 2
    for seconds in (0.0005, 0.001, 0.3, 60):
        tally.end("OK", "", seconds)
    tally.end("ABORTED", "TRANSACTION_RACED", 0.02)
    page = generate_latest(metrics.registry).decode()
    assert 'nectary_calls_total{code="OK",method="/a.B/C",reason=""} 4.0' in page
    assert 'nectary_calls_total{code="ABORTED",method="/a.B/C",reason="TRANSACTION_RACED"} 1.0' in page
    assert 'nectary_calls_in_progress{method="/a.B/C"} 2.0' in page
    assert 'nectary_call_seconds_bucket{le="0.001",method="/a.B/C"} 2.0' in page
    assert 'nectary_call_seconds_bucket{le="+Inf",method="/a.B/C"} 5.0' in page
    assert 'nectary_call_seconds_count{method="/a.B/C"} 5.0' in page
