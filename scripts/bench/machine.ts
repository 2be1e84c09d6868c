/** Where and when something was measured, as the documents say it. */
import { cpus, totalmem } from 'node:os'

/** `2 × AMD EPYC, 25 GB, Node 24.21.0, linux` */
export const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 1e9)} GB, Node ${process.versions.node}, ${process.platform}`

/** `2026-11-28`, UTC. */
export const today = (): string => new Date().toISOString().slice(0, 10)
