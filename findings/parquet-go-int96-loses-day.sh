#!/usr/bin/env bash
# Expected: an INT96 timestamp of a Parquet file (nanoseconds of the day, and the day's Julian number) that is read into a field of the type
#           time.Time is that moment, as a column of TIMESTAMP is with the same library and the same field; or it is refused.
# Seen:     parquet-go gives the time of the day on 1970-01-01: the part with the day is left out, without an error. Rows of different days
#           look like one day's. Into a field of deprecated.Int96 all twelve bytes come whole.
# Matters:  INT96 is what Spark writes for timestamps unless it is told otherwise (spark.sql.parquet.outputTimestampType), in Delta tables too.
# Versions: github.com/parquet-go/parquet-go 0.32.0, Go 1.26, pyarrow 25.0.0 as the writer, DuckDB 2.0.1 for comparison; seen 2026-11-29. Needs Go.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==25.0.0 duckdb==2.0.1
go mod init look >/dev/null 2>&1
go get github.com/parquet-go/parquet-go@v0.32.0 >/dev/null 2>&1
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/parquet-go/parquet-go"
)

type row struct {
	At time.Time `parquet:"at"`
}

func main() {
	rows, err := parquet.ReadFile[row](os.Args[1])
	if err != nil {
		panic(err)
	}
	for _, one := range rows {
		fmt.Println(one.At.UTC().Format("2006-01-02 15:04:05"))
	}
}
GO
go mod tidy >/dev/null 2>&1
go build -o look .
cat >run.py <<'PY'
import subprocess, sys
from datetime import datetime
import duckdb, pyarrow, pyarrow.parquet

times = [datetime(2024, 1, 2, 3, 4, 5), datetime(2026, 11, 29, 3, 4, 5)]
table = pyarrow.table({"at": pyarrow.array(times, pyarrow.timestamp("us"))})
pyarrow.parquet.write_table(table, "INT96.parquet", use_deprecated_int96_timestamps=True)
pyarrow.parquet.write_table(table, "TIMESTAMP.parquet")
seen = {}
for kind in ("TIMESTAMP", "INT96"):
    seen[f"DuckDB, {kind}"] = [str(at) for (at,) in duckdb.sql(f"FROM '{kind}.parquet'").fetchall()]
    seen[f"parquet-go, {kind}"] = subprocess.run(["./look", f"{kind}.parquet"], capture_output=True, text=True, check=True).stdout.splitlines()
for name, one in seen.items():
    print(f"{name}: {one}")
right = [str(one) for one in times]
if list(seen.values()) != [right, right, right, ["1970-01-01 03:04:05"] * 2]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py
