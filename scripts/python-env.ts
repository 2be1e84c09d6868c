/** Makes the Python environments of the notebook suite and of the foreign clients of the wire tests, when they are missing or old. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Environment {
  folder: string
  /** What is installed, and what that names in turn. */
  requirements: readonly string[]
  /** Python 3, at least so new. */
  minor: number
  hasSpark: boolean
}

const ENVIRONMENTS = {
  /** Spark 3.5, and clients of other languages. */
  spark3: {
    folder: '.venv',
    requirements: ['test/requirements.txt', 'notebooks/requirements.txt'],
    minor: 9,
    hasSpark: true,
  },
  /** Spark 4, with Spark Connect. */
  spark4: {
    folder: '.venv-spark4',
    requirements: ['test/requirements-spark4.txt', 'notebooks/requirements-spark4.txt'],
    minor: 10,
    hasSpark: true,
  },
  /** A DuckDB that its Azure extension is packaged for. */
  duckdb: {
    folder: '.venv-duckdb',
    requirements: ['test/requirements-duckdb.txt'],
    minor: 9,
    hasSpark: false,
  },
} as const satisfies Record<string, Environment>

/** Each has packages of its own, in fixed versions. */
export type EnvironmentName = keyof typeof ENVIRONMENTS

/**
 * Environment variable of a folder in which `npm test` tells its files of each environment, in a file of its name, that it is there
 * (an empty one) or why there is none. While the file is not there, the environment is being made.
 */
export const PYTHON_NEWS = 'RTSTREAM_PYTHON_NEWS'

/** The order in which they are made, by how soon the suite's files ask for them. */
export const NAMES: readonly EnvironmentName[] = ['spark3', 'duckdb', 'spark4']

type Found = { python: string } | { missing: string }

/**
 * @returns the path of a Python that has every pinned package, or the one line that says what to install.
 * The first call on a fresh machine downloads several hundred MB for each environment with Spark; within `npm test`, which makes them
 * beside the tests, it waits until that is done.
 * @throws when the packages cannot be installed: no index within reach, no room.
 */
export function ensurePython(name: EnvironmentName = 'spark3'): Found {
  const { folder, requirements } = ENVIRONMENTS[name]
  const venv = join(root, folder)
  const python = join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  const wanted = createHash('sha256')
  for (const file of requirements) wanted.update(readFileSync(join(root, file)))
  const stamp = join(venv, 'requirements.sha256')
  const digest = wanted.digest('hex')
  const news = process.env[PYTHON_NEWS]
  if (news) {
    const missing = waitForNews(join(news, name))
    return missing === '' ? { python } : { missing }
  }
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return { python }
  return make(name, { venv, python, stamp, digest })
}

/** Who runs the tests writes such a file in any case, also when it cannot make the environment. */
function waitForNews(file: string): string {
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  while (!existsSync(file)) Atomics.wait(nothing, 0, 0, 200)
  return readFileSync(file, 'utf8')
}

interface Place {
  venv: string
  python: string
  stamp: string
  digest: string
}

function make(name: EnvironmentName, { venv, python, stamp, digest }: Place): Found {
  const { requirements, minor, hasSpark } = ENVIRONMENTS[name]
  const check = `import sys, venv; sys.exit(sys.version_info < (3, ${minor}))`
  const system = ['python3', 'python'].find((one) => {
    try {
      execFileSync(one, ['-c', check], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
  if (!system)
    return {
      missing: `Python 3.${minor} or newer with venv is not installed (Debian: apt-get install python3-venv).`,
    }
  // An environment that is half made is none; and one whose files are linked to another's must not vouch for that one.
  rmSync(stamp, { force: true })
  execFileSync(system, ['-m', 'venv', venv], { stdio: 'inherit' })
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    join(root, requirements[0]),
  ]
  execFileSync(python, pip, { stdio: 'inherit' })
  if (hasSpark) fetchDelta(name, python)
  writeFileSync(stamp, digest)
  return { python }
}

/** A little of all that the notebooks do, and the end of Java, which then writes the archive of the classes that it has loaded. */
const OPEN_SESSION = `
import sys, tempfile
from delta import configure_spark_with_delta_pip
from pyspark.sql import SparkSession
builder = (
    SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .config("spark.sql.shuffle.partitions", "1").config("spark.databricks.delta.snapshotPartitions", "1")
)
with tempfile.TemporaryDirectory() as folder:
    spark = configure_spark_with_delta_pip(builder.config("spark.sql.warehouse.dir", folder)).getOrCreate()
    table = f"{folder}/table"
    for path in (table, f"{table}-merged"):
        spark.createDataFrame([("a", 1)], "name string, value int").write.format("delta").save(path)

    def write(rows, _):
        rows.groupBy("name").count().createOrReplaceTempView("new")
        rows.sparkSession.sql(f"MERGE INTO delta.\`{table}-merged\` t USING new n ON t.name = n.name WHEN MATCHED THEN UPDATE SET t.value = 2")

    stream = spark.readStream.format("delta").load(table).writeStream.foreachBatch(write)
    stream.option("checkpointLocation", f"{folder}/checkpoint").trigger(availableNow=True).start().awaitTermination()
    spark.sql(f"DESCRIBE HISTORY delta.\`{table}\`").collect()
    gateway = spark.sparkContext._gateway
    spark.stop()
gateway.shutdown()
gateway.proc.stdin.close()
# Half an archive would make Java crash.
sys.exit(gateway.proc.wait())
`

const archiveOf = (name: EnvironmentName) => join(root, ENVIRONMENTS[name].folder, 'classes.jsa')
// What runs once or twice is not worth the second compiler, nor a collector with threads of its own.
// Without that compiler Java keeps 48 MB for compiled code, which two tests use up: then it sweeps to make room.
// Room for classes and new objects, else it collects garbage several times before the first row.
const SMALL_JAVA =
  '-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC -XX:MetaspaceSize=256m -Xmn300m -XX:-UsePerfData -Xlog:disable'

/** For Spark's `SPARK_SUBMIT_OPTS`: a Java for small work that takes Spark's classes, as parsed once, out of an archive. */
export function javaOptions(name: EnvironmentName = 'spark3'): string {
  const archive = archiveOf(name)
  return existsSync(archive) ? `${SMALL_JAVA} -XX:SharedArchiveFile=${archive}` : SMALL_JAVA
}

/**
 * What Spark says of archives that it did not get stands above its last line, which is Python's. @param output of the session's
 * standard error. @returns a sentence for a person.
 */
export function whyNoJars(output: string): string {
  const lines = output.trim().split('\n')
  const refused = lines.find((line) => /download failed|unresolved dependency/i.test(line))
  if (refused === undefined) return `Delta's jars were not fetched: ${lines.at(-1)}`
  return (
    `Delta's jars were not fetched: ${refused.trim()}. Where Maven has kept the description of an archive in ~/.m2/repository without the ` +
    'archive, Spark looks no further: remove its folder there, and ~/.ivy2*, and run again.'
  )
}

/** Opens one Spark session, which fetches Delta's jars: two at once on a fresh machine get in each other's way. */
function fetchDelta(name: EnvironmentName, python: string): void {
  const archive = archiveOf(name)
  const unfinished = `${archive}.unfinished`
  rmSync(archive, { force: true })
  // Without Java there is no Spark, and the suites that need one say so.
  const { status, stderr } = spawnSync(python, ['-c', OPEN_SESSION], {
    encoding: 'utf8',
    timeout: 300_000,
    env: { ...process.env, SPARK_SUBMIT_OPTS: `${SMALL_JAVA} -XX:ArchiveClassesAtExit=${unfinished}` },
  })
  if (status !== 0) console.warn(whyNoJars(stderr))
  else if (existsSync(unfinished)) renameSync(unfinished, archive)
}

/** Makes them one after the other, each told in `news` as soon as it is there, or cannot be. */
function makeAll(news: string): void {
  for (const name of NAMES) {
    let missing = ''
    try {
      const found = ensurePython(name)
      if ('missing' in found) missing = found.missing
    } catch {
      missing = 'Its packages could not be installed; what pip said stands above.'
    }
    tell(news, name, missing)
  }
}

/** @param missing why there is none; empty: it is there. */
export function tell(news: string, name: EnvironmentName, missing: string): void {
  const file = join(news, name)
  // Whole or not at all, for who waits for it.
  writeFileSync(`${file}.unfinished`, missing)
  renameSync(`${file}.unfinished`, file)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [asked, news] = process.argv.slice(2)
  if (asked === 'all' && news !== undefined) makeAll(news)
  else {
    const found = ensurePython(asked === 'spark4' ? 'spark4' : 'spark3')
    if ('missing' in found) {
      console.error(found.missing)
      process.exit(1)
    }
    console.log(found.python)
  }
}
