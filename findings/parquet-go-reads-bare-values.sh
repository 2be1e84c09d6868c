#!/usr/bin/env bash
# Expected: a field of a struct that is of another type than the file's column, which parquet-go converts to, gets the column's value by its logical
#           type, or an error: timestamps it does convert so, from one unit to another, and a text that is no number is an error.
# Seen:     other logical types are left out of it, and the bare integer beneath is handed over. A UINT_32 of 4,000,000,000 is -294967296 in an
#           int64, which has room for it. 12.34 as DECIMAL(9, 2) is 1234 in a float64 and in a string, and 0.1234 by a field that says
#           decimal(4:9). A TIME in microseconds of 01:02:03 by a field of milliseconds is minus 158 hours. No error in any of them.
# Matters:  the writer decides about units and scales: a struct that fits today's files reads tomorrow's a hundred times too large.
# Versions: github.com/parquet-go/parquet-go 0.32.0, Go 1.26, pyarrow 25.0.0 as the writer; seen 2026-11-29. Needs Go.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==25.0.0
venv/bin/python - <<'PY'
from datetime import datetime, time
from decimal import Decimal
import pyarrow, pyarrow.parquet

pyarrow.parquet.write_table(pyarrow.table({
    "at": pyarrow.array([datetime(2024, 1, 2, 3, 4, 5)], pyarrow.timestamp("us")),
    "count": pyarrow.array([4_000_000_000], pyarrow.uint32()),
    "price": pyarrow.array([Decimal("12.34")], pyarrow.decimal128(9, 2)),
    "clock": pyarrow.array([time(1, 2, 3)], pyarrow.time64("us")),
}), "file.parquet", store_decimal_as_integer=True)
PY
go mod init look >/dev/null 2>&1
go get github.com/parquet-go/parquet-go@v0.32.0 >/dev/null 2>&1
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/parquet-go/parquet-go"
)

type (
	at struct {
		V time.Time `parquet:"at,timestamp(millisecond)"`
	}
	count struct {
		V int64 `parquet:"count"`
	}
	priceFloat struct {
		V float64 `parquet:"price"`
	}
	priceText struct {
		V string `parquet:"price"`
	}
	priceScale struct {
		V int32 `parquet:"price,decimal(4:9)"`
	}
	clock struct {
		V time.Duration `parquet:"clock,time(millisecond)"`
	}
)

var seen []string

func look[T any](name string) {
	rows, err := parquet.ReadFile[T]("file.parquet")
	line := fmt.Sprint(err)
	if err == nil {
		line = fmt.Sprint(reflect.ValueOf(rows[0]).Field(0).Interface())
	}
	fmt.Printf("%s: %s\n", name, line)
	seen = append(seen, line)
}

func main() {
	look[at]("TIMESTAMP(us) 2024-01-02 03:04:05 as milliseconds")
	look[count]("UINT_32 4000000000 as int64")
	look[priceFloat]("DECIMAL(9, 2) 12.34 as float64")
	look[priceText]("DECIMAL(9, 2) 12.34 as string")
	look[priceScale]("DECIMAL(9, 2) 12.34 as decimal(4:9), in ten-thousandths")
	look[clock]("TIME(us) 01:02:03 as milliseconds")
	wanted := []string{"2024-01-02 03:04:05 +0000 UTC", "-294967296", "1234", "1234", "1234", "-158h52m47.296s"}
	if !reflect.DeepEqual(seen, wanted) {
		fmt.Println("The behaviour has changed.")
		os.Exit(1)
	}
}
GO
go mod tidy >/dev/null 2>&1
go build -o look .
./look
