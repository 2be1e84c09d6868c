#!/usr/bin/env bash
# Expected: a JSON number that is read as a STRING has the digits that stand in the text: who asks for a string wants to keep 21.50 or an amount of
#           twenty digits as it is. Spark 4 says so: with spark.sql.json.enableExactStringParsing, which is on, "string columns extracted from
#           JSON objects will be extracted exactly as they appear in the input string".
# Seen:     spark.read.json does it. from_json with the type STRING, get_json_object and json_tuple, of a column of text, read the number as a double
#           and print that: 21.50 is 21.5, 1e3 is 1000.0, 12345678901234567890.10 is 1.2345678901234567E19, and 1E400 is "Infinity", with its
#           quotation marks. from_json with a DECIMAL is exact. Of try_parse_json the text is another one again.
# Matters:  lines of a stream (Event Hubs, Kafka) come as a column, so it is from_json there, and the same lines read from a file for a check are
#           different; a CAST of that text to DECIMAL is short of digits, and nothing is null.
# Versions: pyspark 4.2.0, Java 17 (3.5.9 has no such setting, and the double everywhere); seen 2026-11-29. Needs Java.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyspark==4.2.0
cat >run.py <<'PY'
import sys
from pyspark.sql import SparkSession

settings = {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
spark = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
spark.sparkContext.setLogLevel("OFF")
numbers = ["21.50", "1e3", "12345678901234567890.10", "1E400", "12345678901234567890"]
with open("lines.json", "w") as file:
    file.writelines(f'{{"a":{number}}}\n' for number in numbers)
lines = spark.read.text("lines.json")
ways = {
    "from_json as STRING": "from_json(value, 'a STRING').a",
    "get_json_object": "get_json_object(value, '$.a')",
    "json_tuple": "json_tuple(value, 'a')",
    "from_json as DECIMAL(30, 2)": "string(from_json(value, 'a DECIMAL(30, 2)').a)",
}
print("spark.sql.json.enableExactStringParsing:", spark.conf.get("spark.sql.json.enableExactStringParsing"))
seen = {"spark.read.json": [row[0] for row in spark.read.schema("a STRING").json("lines.json").collect()]}
seen |= {name: [row[0] for row in lines.selectExpr(way).collect()] for name, way in ways.items()}
for name, texts in seen.items():
    print(f"{name}: {texts}")
double = ["21.5", "1000.0", "1.2345678901234567E19", '"Infinity"', "12345678901234567890"]
exact = ["21.50", "1000.00", "12345678901234567890.10", None, "12345678901234567890.00"]
if list(seen.values()) != [numbers, double, double, double, exact]:
    sys.exit("The behaviour has changed.")
PY
venv/bin/python run.py 2>/dev/null
