/**
 * The rows of a partition: a table of its own, in which a row is found by the number of its first event. An append so changes
 * the last page of one tree, and no index beside it.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Name of the partition's table, and of its view over a log of an earlier version. */
export const tableOf = (partition: number): string => `appends_${partition}`

/** The events lie last: what stands behind a long value is far to read. */
const COLUMNS = `
  first INTEGER PRIMARY KEY, count INTEGER NOT NULL, enqueued INTEGER NOT NULL, bytes INTEGER NOT NULL,
  form INTEGER NOT NULL, events BLOB NOT NULL`

/** Versions 1 and 2 had one table for all partitions, with an index: views make it look like one for each. */
const VIEW = (partition: number, table: string) => `
  CREATE TEMP VIEW ${table} AS
    SELECT first, count, enqueued, bytes, form, events FROM appends WHERE partition = ${partition};
  CREATE TEMP TRIGGER ${table}_insert INSTEAD OF INSERT ON ${table} BEGIN
    INSERT INTO appends (partition, first, count, enqueued, bytes, form, events)
      VALUES (${partition}, NEW.first, NEW.count, NEW.enqueued, NEW.bytes, NEW.form, NEW.events);
  END;
  CREATE TEMP TRIGGER ${table}_delete INSTEAD OF DELETE ON ${table} BEGIN
    DELETE FROM appends WHERE partition = ${partition} AND first = OLD.first;
  END;
`

/** Makes the tables that are missing. @throws SQLite's errors. */
export function openTables(database: DatabaseSync, partitions: number): void {
  const isOfOld = database.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'appends'`).get() !== undefined
  for (let partition = 0; partition < partitions; partition++) {
    const table = tableOf(partition)
    database.exec(isOfOld ? VIEW(partition, table) : `CREATE TABLE IF NOT EXISTS ${table} (${COLUMNS})`)
  }
}

/** A statement for each partition, prepared when it is first needed. */
export class PartitionStatements {
  readonly #prepare: (partition: number) => StatementSync
  readonly #statements: StatementSync[] = []

  /** @param text of the statement, for a table. @param asArrays rows come as arrays instead of objects. */
  constructor(database: DatabaseSync, text: (table: string) => string, asArrays = false) {
    this.#prepare = (partition) => {
      const statement = database.prepare(text(tableOf(partition)))
      statement.setReturnArrays(asArrays)
      return statement
    }
  }

  /** The one of that partition. */
  of(partition: number): StatementSync {
    const known = this.#statements[partition]
    if (known) return known
    const made = this.#prepare(partition)
    this.#statements[partition] = made
    return made
  }
}
