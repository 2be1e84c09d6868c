/** Metrics as both APIs of Azure Monitor return them. */
export const NAMESPACE = 'Microsoft.StreamAnalytics/streamingjobs'

export interface Span {
  startTime: Date
  endTime: Date
  /** `PT1M`, or `FULL` for one point over all. */
  interval: string
  aggregation: 'total' | 'average'
}

/** One value; `undefined` when the service has none for that time. */
export interface Point {
  timeStamp: Date
  total?: number | undefined
  average?: number | undefined
}

/** Points by the metric's name, oldest first. */
export type Series = Map<string, readonly Point[]>
