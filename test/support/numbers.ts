/** What the hub holds of each station. */
import { originOf } from '../../src/pipeline/generator/encode.ts'
import type { FakeHub } from './fake-hub.ts'

/** Numbers per station in the order of the hub. */
export function numbersByStation(hub: FakeHub): Map<number, number[]> {
  const byStation = new Map<number, number[]>()
  for (const { body } of hub.log.flat()) {
    const origin = originOf(body)
    if (!origin) continue
    const numbers = byStation.get(origin.station) ?? []
    byStation.set(origin.station, numbers)
    numbers.push(origin.sequenceNumber)
  }
  return byStation
}

/** 0, 1, 2, …, each once and in order: nothing lost, nothing twice. */
export const isGapless = (numbers: readonly number[]) => numbers.every((number, index) => number === index)
