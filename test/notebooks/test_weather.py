"""Weather that nobody here made: Seattle's, 1,461 days. What pandas makes of it, the notebooks do too."""
import pandas as pd
import pytest

from seattle import FORMS, assert_equal, lines


@pytest.mark.one_spark(4, "Spark 3.5 has 50,000 readings compared with the embedded engine's (parity.test.ts), which has Seattle's too (seattle.test.ts)")
@pytest.mark.usual_spark(0, "what the rules make of a reading is compared on both in test_rules.py and test_edges.py")
def test_seattle_is_as_pandas_has_it(lake, generated_code):
    for form in FORMS:
        lake.place(f"{form}.json", *lines(form))
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    assert_equal(*(pd.DataFrame(lake.rows(table)) for table in ("silver/weather", "gold/weather", "gold/weather_aggregated")))
