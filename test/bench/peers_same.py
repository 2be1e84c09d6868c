"""Whether a peer's tables hold what the engine's do: `python test/bench/peers_same.py <lake>`. Exits with 1, and says where, if not."""
import json
import sys
from pathlib import Path

import polars as pl

TABLES = {
    "silver": ("silver/weather", ["eventId", "enqueuedAt"]),
    "quarantine": ("silver/weather_quarantine", ["raw", "enqueuedAt"]),
    "gold": ("gold/weather", ["eventId", "enqueuedAt"]),
    "by_minute": ("gold/weather_by_minute", ["minute", "city"]),
    "aggregated": ("gold/weather_aggregated", ["city", "date", "hour"]),
}


def rows_of(table: Path, columns: list[str] | None, keys: list[str]) -> pl.DataFrame:
    rows = pl.read_delta(str(table))
    rows = rows.select(columns or rows.columns).sort(keys)
    # Means that were brought up to date differ from those of all rows in their last digits.
    return rows.with_columns(pl.col(name).round(6) for name, of in rows.schema.items() if of == pl.Float64)


lake, counts = Path(sys.argv[1]), {}
for peer, (own, keys) in TABLES.items():
    ours = rows_of(lake / own, None, keys)
    theirs = rows_of(lake / "peers" / peer, ours.columns, keys)
    if not theirs.equals(ours):
        differing = [name for name in ours.columns if len(ours) != len(theirs) or not ours[name].equals(theirs[name])]
        sys.exit(f"{peer}: {len(theirs)} rows of the peer's, {len(ours)} of the engine's, differing in {', '.join(differing)}")
    counts[peer] = len(ours)
print(json.dumps(counts))
