/** Data that was appended and not yet flushed, and blocks that were put and not yet listed: invisible until they are whole. */
import { copyFileSync, existsSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { appendFile, rm } from 'node:fs/promises'
import { HttpError } from '../http/errors.ts'
import type { LakeFolder } from './folder.ts'

interface Upload {
  file: string
  length: number
  release: (() => void)[]
}

/** Uploads under way, over all clients. The oldest is given up for a new one beyond it. */
const MAX_UPLOADS = 1000
const MAX_BLOCKS = 50_000

export class Uploads {
  readonly #folder: LakeFolder
  readonly #appends = new Map<string, Upload>()
  readonly #blocks = new Map<string, Map<string, Upload>>()

  constructor(folder: LakeFolder) {
    this.#folder = folder
  }

  /** @throws HttpError 400 when the position is not the end of what was appended so far. */
  async append(container: string, path: string, position: number, data: Buffer): Promise<void> {
    const key = `${container}/${path}`
    const upload = this.#appends.get(key) ?? (await this.#begin(key, container, path))
    if (position !== upload.length)
      throw new HttpError(
        400,
        'InvalidFlushPosition',
        `The uploaded data is not contiguous: position ${position}, expected ${upload.length}.`,
      )
    upload.release.push(this.#folder.reserve(data.length))
    await appendFile(upload.file, data)
    upload.length += data.length
  }

  /** Makes everything up to the position visible, at once. */
  flush(container: string, path: string, position: number): void {
    const key = `${container}/${path}`
    const upload = this.#appends.get(key)
    const target = this.#folder.resolve(container, path)
    if (!upload) {
      if (position === statSync(target).size) return
      throw new HttpError(
        400,
        'InvalidFlushPosition',
        `The flush position ${position} is beyond what was appended.`,
      )
    }
    if (position > upload.length)
      throw new HttpError(
        400,
        'InvalidFlushPosition',
        `The flush position ${position} is beyond what was appended, ${upload.length}.`,
      )
    if (position < upload.length) truncateSync(upload.file, position)
    this.#appends.delete(key)
    for (const release of upload.release) release()
    this.#folder.adopt(upload.file, container, path, { overwrite: true })
  }

  async putBlock(container: string, path: string, id: string, data: Buffer): Promise<void> {
    const key = `${container}/${path}`
    const blocks = this.#blocks.get(key) ?? new Map<string, Upload>()
    if (blocks.size >= MAX_BLOCKS)
      throw new HttpError(409, 'BlockCountExceedsLimit', 'Too many blocks wait to be committed.')
    const release = this.#folder.reserve(data.length)
    const file = this.#folder.unfinishedFile()
    writeFileSync(file, data)
    blocks.set(id, { file, length: data.length, release: [release] })
    this.#blocks.set(key, blocks)
  }

  async putBlockList(container: string, path: string, ids: readonly string[]): Promise<void> {
    const key = `${container}/${path}`
    const blocks = this.#blocks.get(key) ?? new Map<string, Upload>()
    const chosen = ids.map((id) => blocks.get(id))
    if (chosen.some((block) => block === undefined))
      throw new HttpError(400, 'InvalidBlockList', 'The specified block list is invalid.')
    const whole = this.#folder.unfinishedFile()
    writeFileSync(whole, '')
    const { readFileSync } = await import('node:fs')
    for (const block of chosen as Upload[]) await appendFile(whole, readFileSync(block.file))
    this.#blocks.delete(key)
    for (const block of blocks.values()) {
      for (const release of block.release) release()
      await rm(block.file, { force: true })
    }
    this.#folder.adopt(whole, container, path, { overwrite: true })
  }

  async forget(container: string, path: string): Promise<void> {
    const key = `${container}/${path}`
    const upload = this.#appends.get(key)
    if (!upload) return
    this.#appends.delete(key)
    await this.#drop(upload)
  }

  async #begin(key: string, container: string, path: string): Promise<Upload> {
    if (this.#appends.size >= MAX_UPLOADS) {
      const [oldest, upload] = this.#appends.entries().next().value as [string, Upload]
      this.#appends.delete(oldest)
      await this.#drop(upload)
    }
    const target = this.#folder.resolve(container, path)
    if (!existsSync(target)) throw new HttpError(404, 'PathNotFound', 'The specified path does not exist.')
    const file = this.#folder.unfinishedFile()
    copyFileSync(target, file)
    const upload: Upload = { file, length: statSync(file).size, release: [] }
    this.#appends.set(key, upload)
    return upload
  }

  async #drop(upload: Upload): Promise<void> {
    for (const release of upload.release) release()
    await rm(upload.file, { force: true })
  }
}
