"""The rules of silver (docs/data-contract.md): a line of bronze in, a validated row out."""
import json
import re
import sys

from pyspark import cloudpickle
from pyspark.sql import functions as F
from pyspark.sql import types as T

TEMPERATURE_RANGE = (-90, 60)
HUMIDITY_RANGE = (0, 100)

# Two readings with one eventId, enqueued no further apart than this, are one reading (microseconds).
DEDUPLICATION_WINDOW = 10 * 60 * 1_000_000

# An explicit list, since no two engines agree on what `trim` or `\s` take away.
WHITE_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

FIELDS = (
    "eventId",
    "deviceId",
    "deviceSequenceNumber",
    "city",
    "temperature",
    "humidity",
    "timestamp",
    "createdAt",
    "EventEnqueuedUtcTime",
    "PartitionId",
    "SequenceNumber",
)

READING_COLUMNS = (
    "eventId",
    "deviceId",
    "deviceSequenceNumber",
    "city",
    "temperature",
    "humidity",
    "timestamp",
    "createdAt",
    "enqueuedAt",
    "partitionId",
)

# ── JSON, with its types ─────────────────────────────────────────────────────────────────────────────────────────────
# `from_json` and `get_json_object` give "21" and 21 as the same text, keep the last of a repeated key, and overlook what
# follows the object. The contract tells all of these apart, so the line goes through Python's own strict parser, once;
# every rule after that is a built-in function of Spark.

STRING, NUMBER, OTHER = "s", "n", "x"

LINE_TYPE = T.StructType(
    [
        # The line as text, where its bytes were no UTF-8; else null.
        T.StructField("repaired", T.StringType()),
        T.StructField("isObject", T.BooleanType(), False),
    ]
    # A value's kind, one of the letters above, followed by its text. Null: absent, or a JSON null.
    + [T.StructField(field, T.StringType()) for field in FIELDS]
)


class _Number(str):
    """A JSON number as it was written."""


def _reject(constant):
    raise ValueError(f"{constant} is not JSON")


def _first_of_each(pairs):
    return dict(reversed(pairs))


# An escape sequence; the group catches half a surrogate pair.
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)"
)


def parse_object(text):
    """The fields of a JSON object (RFC 8259 to the letter), or None when the text is anything else."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_first_of_each,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_reject,
        )
    except ValueError:
        return None
    except RecursionError:
        value = _parse_deep(text)
    if not isinstance(value, dict):
        return None
    if "\\u" in text and any(found[1] for found in _ESCAPE.finditer(text)):
        return None
    return value


_TOKEN = re.compile(
    r'[ \t\r\n]*(?:([\[\]{},:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)|(true|false|null))"
)


def _parse_deep(text):
    """The same without recursion, for lines nested deeper than Python's parser goes. None: no JSON object."""
    # What may come next: a value; a value or the end of an array; a key; a key or the end; a colon; a comma or the end.
    VALUE, FIRST_VALUE, KEY, FIRST_KEY, COLON, COMMA, END = range(7)
    fields, key, expected, open_brackets, at = {}, None, VALUE, [], 0
    text = text.rstrip(" \t\r\n")
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            return None
        at = token.end()
        mark, string, number, word = token.groups()
        if expected in (KEY, FIRST_KEY) and string is not None:
            if len(open_brackets) == 1:
                key = json.loads(string)
            expected = COLON
        elif expected == COLON and mark == ":":
            expected = VALUE
        elif expected == COMMA and mark == ",":
            expected = KEY if open_brackets[-1] == "{" else VALUE
        elif (
            (expected == FIRST_VALUE and mark == "]")
            or (expected == FIRST_KEY and mark == "}")
            or (expected == COMMA and mark == {"[": "]", "{": "}"}[open_brackets[-1]])
        ):
            open_brackets.pop()
            expected = COMMA if open_brackets else END
        elif expected in (VALUE, FIRST_VALUE) and (mark in ("[", "{") or mark is None):
            if not open_brackets and mark != "{":
                return None
            if len(open_brackets) == 1:
                scalar = json.loads(string or word or "[]") if number is None else _Number(number)
                fields.setdefault(key, scalar)
            if mark is None:
                expected = COMMA
            else:
                open_brackets.append(mark)
                expected = FIRST_VALUE if mark == "[" else FIRST_KEY
        else:
            return None
    return fields if expected == END else None


def _tagged(value):
    if value is None:
        return None
    if isinstance(value, _Number):
        return NUMBER + value
    return STRING + value if isinstance(value, str) else OTHER


def read_line(line):
    """Bytes of a line to the fields of LINE_TYPE. Bytes that are not UTF-8 become U+FFFD."""
    repaired = None
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = repaired = line.decode("utf-8", "replace")
    fields = parse_object(text)
    if fields is None:
        return (repaired, False) + (None,) * len(FIELDS)
    return (repaired, True) + tuple(_tagged(fields.get(field)) for field in FIELDS)


# The executors have no copy of this file: what they run travels to them by value.
if __name__ in sys.modules and __name__ != "__main__":
    cloudpickle.register_pickle_by_value(sys.modules[__name__])

_read_line = F.udf(read_line, LINE_TYPE)


# ── The rules ────────────────────────────────────────────────────────────────────────────────────────────────────────


def trimmed(text):
    return F.btrim(text, F.lit(WHITE_SPACE))


def is_blank(text):
    return trimmed(text) == ""


# Of a line as it was read. `btrim` takes its list for bytes: a lone 0xA0, as Latin-1 has it, would count as a part of U+00A0, and the
# line as blank. A regular expression sees U+FFFD in its place.
_VISIBLE = f"[^{WHITE_SPACE}]"


class _Value:
    """A field of a line: columns of its kind and its text, which a projection of their own has made."""

    def __init__(self, field):
        self.kind, self.text = F.col(f"{field}Kind"), F.col(f"{field}Text")
        self.is_missing = self.kind.isNull()
        # The text of a JSON string; null for everything else.
        self.string = F.when(self.kind == STRING, self.text)
        # Null for everything that is no JSON number: a cast of any text fails in ANSI mode.
        self.number = F.when(self.kind == NUMBER, self.text).cast("double")

    @staticmethod
    def columns(field):
        tagged = F.col(f"_parsed.{field}")
        yield F.substring(tagged, 1, 1).alias(f"{field}Kind")
        yield tagged.substr(F.lit(2), F.length(tagged)).alias(f"{field}Text")


def _whole_number(value):
    """A JSON number that is whole by value, or a string of digits, as int; null otherwise."""
    digits = trimmed(value.string)
    return F.when(
        value.kind == NUMBER,
        F.when((F.abs(value.number) < 1e9) & (value.number == F.rint(value.number)), value.number.cast("int")),
    ).when(digits.rlike(r"\A-?[0-9]{1,9}(\.0+)?\z"), F.substring_index(digits, ".", 1).cast("int"))


def _sequence_number(value):
    """A number of up to 18 digits, not negative, as bigint; null otherwise."""
    digits = F.when(value.kind == STRING, trimmed(value.text)).when(value.kind == NUMBER, value.text)
    number = value.number
    return F.when(digits.rlike(r"\A[0-9]{1,18}\z"), digits.cast("bigint")).when(
        (number >= 0) & (number < float(2**53)) & (number == F.rint(number)), number.cast("bigint")
    )


# Times before it are those of clocks that were never set; readers of Parquet disagree about the calendar of that age.
EARLIEST = "1900-01-01T00:00:00Z"

_DAY = "(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DAY_OF_TODAY = "(?!0|1[0-8])[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "[0-9]{2}:[0-9]{2}:[0-9]{2}"
MEASURED_AT = rf"\A{_DAY}[ T]{_TIME}Z?\z"
ISO_UTC = rf"\A{_DAY_OF_TODAY}T{_TIME}(\.[0-9]{{1,9}})?Z\z"


def _utc_text(value, pattern):
    """A time in a form that Spark casts without looking at the session's time zone, cut to microseconds."""
    text = value.string
    seconds, fraction = F.substring(text, 1, 19), F.regexp_extract(text, r"(\.[0-9]{1,6})", 1)
    return F.when(text.rlike(pattern), F.concat(seconds, fraction, F.lit("Z")))


def _uuid_of(digest):
    """An MD5 as a UUID of version 3 (RFC 9562)."""
    part = lambda start, length: F.substring(digest, start, length)
    variant = F.translate(part(17, 1), "0123456789abcdef", "89ab" * 4)
    fourth = F.concat(variant, part(18, 3))
    return F.concat_ws("-", part(1, 8), part(9, 4), F.concat(F.lit("3"), part(14, 3)), fourth, part(21, 12))


def _number_reason(name, number, bounds):
    return (
        F.when(F.col(f"{name}IsMissing"), f"{name} is missing")
        .when(number.isNull(), f"{name} is not an integer")
        .when(~number.between(*bounds), f"{name} out of range")
    )


def _device_and_number():
    """What a device calls its reading; null where it does not say."""
    is_known = ~is_blank(F.col("deviceId")) & F.col("deviceSequenceNumber").isNotNull()
    return F.when(is_known, F.concat_ws(":", "deviceId", "deviceSequenceNumber"))


def _place_in_hub():
    """Where the hub holds the event, and which row of it this is: an array gives several. Null where it is not known."""
    # The job may write an event a second time; then only this field differs.
    as_sent = F.regexp_replace("raw", r'"EventProcessedUtcTime":"[^"]*"', "")
    is_known = F.col("partitionId").isNotNull() & F.col("sequenceNumber").isNotNull()
    return F.when(is_known, F.concat_ws(":", "partitionId", "sequenceNumber", as_sent))


def validate(lines):
    """
    Judges lines.

    :param lines: a column `value` (text); further columns are kept.
    :return: silver's columns, `raw`, and `reasons`: why the row goes to the quarantine, empty for a valid row. Lines of
        white space only are left out.
    """
    parsed = {field: _Value(field) for field in FIELDS}
    kept = [name for name in lines.columns if name != "value"]
    times = {"timestamp": MEASURED_AT, "createdAt": ISO_UTC, "EventEnqueuedUtcTime": ISO_UTC}
    partition = _whole_number(parsed["PartitionId"])
    # A projection for each step: written as one, each column's expression would stand in the next as often as it is used there, and
    # Spark would make more Java of it than a class can hold.
    split = (
        lines.where(F.col("value").rlike(_VISIBLE))
        .withColumn("_parsed", _read_line(F.col("value").cast("binary")))
        .select(
            *kept,
            F.col("_parsed.isObject").alias("isObject"),
            F.coalesce("_parsed.repaired", "value").alias("raw"),
            *(column for field in FIELDS for column in _Value.columns(field)),
        )
    )
    typed = (
        split.select(
            *kept,
            "isObject",
            "raw",
            *(parsed[field].is_missing.alias(f"{field}IsMissing") for field in ("temperature", "humidity", "timestamp")),
            F.nullif(trimmed(parsed["city"].string), F.lit("")).alias("city"),
            _whole_number(parsed["temperature"]).alias("temperature"),
            _whole_number(parsed["humidity"]).alias("humidity"),
            parsed["eventId"].string.alias("sentId"),
            parsed["deviceId"].string.alias("deviceId"),
            _sequence_number(parsed["deviceSequenceNumber"]).alias("deviceSequenceNumber"),
            F.when(partition >= 0, partition).alias("partitionId"),
            _sequence_number(parsed["SequenceNumber"]).alias("sequenceNumber"),
            *(_utc_text(parsed[field], pattern).alias(f"{field}Utc") for field, pattern in times.items()),
        )
        # try_cast: null for what no calendar has, in ANSI mode too.
        .withColumn("timestamp", F.expr("try_cast(timestampUtc AS timestamp)"))
        .withColumn("createdAt", F.expr("try_cast(createdAtUtc AS timestamp)"))
        .withColumn("enqueuedAt", F.expr("try_cast(EventEnqueuedUtcTimeUtc AS timestamp)"))
        .withColumn("isNamed", F.coalesce(~is_blank(F.col("sentId")), F.lit(False)))
        .withColumn(
            "digest",
            F.when(
                ~F.col("isNamed"),
                F.md5(F.coalesce(_device_and_number(), _place_in_hub(), F.col("raw")).cast("binary")),
            ),
        )
    )
    # Never null, and Spark is told so: else it would look for nulls below each join, with all that the id is made of.
    event_id = F.coalesce(F.when(F.col("isNamed"), F.col("sentId")).otherwise(_uuid_of(F.col("digest"))), F.lit(""))
    broken = F.array(
        F.when(F.col("city").isNull(), "city is missing"),
        _number_reason("temperature", F.col("temperature"), TEMPERATURE_RANGE),
        _number_reason("humidity", F.col("humidity"), HUMIDITY_RANGE),
        F.when(F.col("timestampIsMissing"), "timestamp is missing").when(
            F.col("timestamp").isNull(), "timestamp does not parse"
        ).when(F.col("timestamp") < F.lit(EARLIEST).cast("timestamp"), "timestamp out of range"),
        F.when(F.col("enqueuedAt").isNull(), "enqueued time is missing"),
    )
    reasons = F.when(~F.col("isObject"), F.array(F.lit("not a JSON object"))).otherwise(
        F.filter(broken, lambda reason: reason.isNotNull())
    )
    return typed.withColumn("eventId", event_id).select(*kept, *READING_COLUMNS, "raw", reasons.alias("reasons"))


# ── Duplicates ───────────────────────────────────────────────────────────────────────────────────────────────────────


def first_of_duplicates(rows, seen, order):
    """
    Of rows with one eventId and one verdict, enqueued within the window of each other, the first.

    :param rows: validated rows.
    :param seen: rows kept before these: `eventId`, `valid`, `enqueuedAt`.
    :param order: names of the columns that put the rows in bronze order.
    """
    at = F.unix_micros("enqueuedAt")
    key = ["eventId", "valid"]
    rows = rows.withColumn("valid", F.size("reasons") == 0)
    place = F.struct(*order).alias("place")
    row = F.struct(place, at.alias("at"), F.struct(*rows.columns).alias("row"))
    groups = rows.where("enqueuedAt IS NOT NULL").groupBy(*key).agg(F.array_sort(F.collect_list(row)).alias("rows"))
    before = seen.groupBy(*key).agg(F.collect_list(at).alias("before"))

    def near(times, time):
        return F.exists(times, lambda other: F.abs(other - time) <= DEDUPLICATION_WINDOW)

    # In order: a row that is near one kept before is a duplicate of it. What is kept is its index.
    nothing = F.struct(
        F.coalesce("before", F.array().cast("array<bigint>")).alias("times"), F.array().cast("array<int>").alias("kept")
    )
    indexes = F.aggregate(
        F.sequence(F.lit(0), F.size("rows") - 1),
        nothing,
        lambda state, index: F.when(near(state.times, F.col("rows")[index].at), state).otherwise(
            F.struct(
                F.concat(state.times, F.array(F.col("rows")[index].at)).alias("times"),
                F.concat(state.kept, F.array(index)).alias("kept"),
            )
        ),
        lambda state: state.kept,
    )
    firsts = (
        groups.join(before, key, "left")
        .select(F.explode(F.transform(indexes, lambda index: F.col("rows")[index].row)).alias("row"))
        .select("row.*")
    )
    # Without an enqueued time there is no telling what is near: such rows are all kept.
    return firsts.unionByName(rows.where("enqueuedAt IS NULL"))
