/**
 * Keys that a client provides with its requests, https://learn.microsoft.com/azure/storage/blobs/encryption-customer-provided-keys. Nothing
 * is encrypted with them here, and none is kept: of each only its SHA-256, by which the next request is known to bring the same.
 */
import { createHash } from 'node:crypto'
import { HttpError } from '../../http/errors.ts'
import type { OperationId } from '../operations/table.ts'
import { given, type LakeCall } from './lake-call.ts'

/** What reads or adds to what a key was given for must bring it again. What replaces the whole may bring another, or none. */
const NEEDING = new Set<string>([
  ...(['getBlob', 'getProperties', 'getMetadata', 'setBlobMetadata', 'snapshotBlob'] as const),
  ...(['appendBlock', 'appendBlockFromUrl', 'appendData', 'flushData'] as const),
] satisfies OperationId[])

const KEY_BYTES = 32

/**
 * @param of the key of what is written or read, or that of a copy's source.
 * @returns the key's SHA-256 (base64); undefined: the request brings none. @throws HttpError 400
 */
export function keyIn(call: LakeCall, of: 'x-ms-encryption' | 'x-ms-source-encryption'): string | undefined {
  const [key, sha256, algorithm] = ['key', 'key-sha256', 'algorithm'].map((one) =>
    given(call, `${of}-${one}`),
  )
  if (key === undefined && sha256 === undefined && algorithm === undefined) return undefined
  const isRead = call.method === 'GET' || call.method === 'HEAD'
  if (key === undefined || sha256 === undefined || (algorithm === undefined && !isRead))
    throw new HttpError(
      400,
      'MissingRequiredHeader',
      `A key comes with three headers: ${of}-key, ${of}-key-sha256 and ${of}-algorithm.`,
    )
  if (!('encrypted' in call.request.socket)) throw invalid('a key is taken over https only')
  const bytes = Buffer.from(key, 'base64')
  if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== key)
    throw invalid(`${of}-key is one of ${KEY_BYTES} bytes, in base64`)
  if (createHash('sha256').update(bytes).digest('base64') !== sha256)
    throw invalid(`${of}-key-sha256 is not the SHA-256 of the key, in base64`)
  return sha256
}

const invalid = (why: string) =>
  new HttpError(
    400,
    'InvalidHeaderValue',
    `The value for one of the HTTP headers is not in the correct format: ${why}.`,
  )

/** @param kept of what stands there. @throws HttpError 409 */
export function requireKey({ operation, key }: LakeCall, kept: string | undefined): void {
  if (NEEDING.has(operation?.id ?? '')) requireSame(key, kept)
}

/** Both are SHA-256s. @throws HttpError 409, in the service's words */
export function requireSame(key: string | undefined, kept: string | undefined): void {
  if (key === kept) return
  if (key === undefined)
    throw new HttpError(
      409,
      'BlobUsesCustomerSpecifiedEncryption',
      'The blob is encrypted with customer specified encryption, but it was not provided in the request.',
    )
  if (kept === undefined)
    throw new HttpError(
      409,
      'BlobDoesNotUseCustomerSpecifiedEncryption',
      'The blob is not encrypted with customer specified encryption, but one was provided in the request.',
    )
  throw new HttpError(
    409,
    'BlobCustomerSpecifiedEncryptionMismatch',
    'The given customer specified encryption does not match the encryption used to encrypt the blob.',
  )
}

/** Of what a request makes. */
export const keyOf = ({ key }: LakeCall): { keySha256?: string } =>
  key === undefined ? {} : { keySha256: key }
