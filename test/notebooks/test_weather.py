"""Weather that nobody here made: Seattle's, 1,461 days. What pandas makes of it, the notebooks do too."""
import pandas as pd

from seattle import FORMS, assert_equal, lines


def test_seattle_is_as_pandas_has_it(lake, generated_code):
    for form in FORMS:
        lake.place(f"{form}.json", *lines(form))
    for notebook in ("silver", "gold", "aggregate"):
        lake.run(notebook)
    assert_equal(*(pd.DataFrame(lake.rows(table)) for table in ("silver/weather", "gold/weather", "gold/weather_aggregated")))
