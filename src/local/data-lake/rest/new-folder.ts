/** Makes a folder of the lake, by either interface. */
import { mkdirSync, type Stats } from 'node:fs'
import { HttpError } from '../../http/errors.ts'
import { existing } from '../store/entry.ts'
import type { Properties } from '../store/properties.ts'
import { diskError } from '../store/storage-errors.ts'
import { keep, type Lake } from './lake.ts'
import type { LakeCall } from './lake-call.ts'

/**
 * One that is there is kept, with other properties.
 * @param before what stands there, already checked in this turn. @returns what stands there then. @throws HttpError 409
 */
export function makeFolder(
  lake: Lake,
  call: LakeCall,
  before: Stats | undefined,
  propertiesOf: () => Properties,
): Stats {
  const place = lake.folder.resolve(call.container, call.path)
  if (before?.isFile()) throw conflict('A file stands at this path.', existing(before))
  const properties = propertiesOf()
  try {
    mkdirSync(place, { recursive: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTDIR' || code === 'EEXIST')
      throw conflict('A file stands where this path needs a directory.')
    throw diskError(error, place)
  }
  return keep(lake, call, properties)
}

const conflict = (message: string, headers = {}) => new HttpError(409, 'PathConflict', message, { headers })
