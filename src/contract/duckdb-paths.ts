/**
 * Paths in DuckDB's SQL. It takes a path for a pattern, which may match files of a folder beside (`run[1]` those of `run1`), and
 * a folder named `city=Oslo` for the value of that column in all files below it.
 */

/** A string literal that names this one file. */
export const quotedPath = (path: string): string =>
  `'${path.replace(/[*?[]/g, '[$&]').replaceAll("'", "''")}'`

/** A list of such literals, for `read_parquet` and the like. */
export const quotedPaths = (paths: readonly string[]): string => `[${paths.map(quotedPath).join(', ')}]`

/** The option of `read_parquet` and the like by which columns come from the files alone. */
export const FROM_FILES_ALONE = 'hive_partitioning = false'
