"""What a programme owes, as a table: a column for each who pays for points."""

from rich.table import Table

from nectary.honey.v1 import liability_service_pb2 as pb

_ROWS = (
    ("can be spent", "active_points"),
    ("pending", "pending_points"),
    ("held", "held_points"),
    ("owed by members", "debt_points"),
    ("ever granted", "earned_points"),
    ("used", "used_points"),
    ("expired", "expired_points"),
    ("taken back", "reversed_points"),
    ("waived", "waived_points"),
)


def liability_table(found: pb.GetLiabilityResponse) -> Table:
    """Months in which nothing expires have no row."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for one in found.liabilities:
        table.add_column(one.funding_merchant_id or "programme", justify="right")
    for word, field in _ROWS:
        table.add_row(word, *(f"{getattr(one, field):,}" for one in found.liabilities))
    table.add_row("breakage", *(f"{one.breakage_ppm / 10_000:.2f} %" for one in found.liabilities))
    months = [month.month for one in found.liabilities[:1] for month in one.expiring]
    for place, month in enumerate(months):
        points = [one.expiring[place].points for one in found.liabilities]
        if any(points):
            table.add_row(f"expires {month}", *(f"{each:,}" for each in points))
    table.add_row("expires later", *(f"{one.later_points:,}" for one in found.liabilities))
    table.add_row("never expires", *(f"{one.never_points:,}" for one in found.liabilities))
    return table
