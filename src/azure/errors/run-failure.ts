/** Why a run of a notebook failed, as Databricks and Synapse pass it on: their sentence begins with ids, and ends with the reason. */

/** Where the reason itself begins. */
const POINTS = [
  /azure_error_message: ?(.+)/i,
  /Error code: [A-Z_]+\. (.+)/,
  /\b(Your (?:Spark )?job requested .+)/i,
]
/** Advice of the service that ours stands for. */
const ADVICE =
  /(?:\. (?:Setup Alerts|Submit a request|Try reducing|Please read|Learn more)\b|\.? Please see ).*$/i

const HINTS: readonly (readonly [reason: RegExp, hint: string])[] = [
  [
    /QuotaExceeded|QUOTA_EXCEEDED|Cores quota|quota limits? of Core/i,
    'Ask for more vCPUs under Quotas in the portal, or set another databricksNodeType and run rtstream-tui setup.',
  ],
  [
    /SkuNotAvailable|STOCKOUT|AllocationFail(?:ed|ure)|Capacity Restrictions/i,
    'Azure has no such machine free: start it later, or set another databricksNodeType and run rtstream-tui setup.',
  ],
  [
    /(?:WORKSPACE|COMPUTE)_CAPACITY_EXCEEDED|requested \d+ vcores/i,
    'Other Spark sessions hold the vCores (rtstream-tui doctor names them), or the workspace has too few: the portal takes requests for more.',
  ],
]

/** Before what is exceeded. */
const PREFACE = /^Operation (?:could not be completed as it )?results in exceeding/i

/** @returns the reason first, and what to do about those that are no fault of the notebook; anything else as it is. */
export function runFailure(message: string): string {
  const found = POINTS.map((point) => point.exec(message)?.[1]).find((text) => text !== undefined)
  const hint = HINTS.find(([reason]) => reason.test(message))?.[1]
  const text = (found ?? message).replace(ADVICE, '.').replace(PREFACE, 'It would exceed')
  return hint === undefined ? text : `${text} — ${hint}`
}
