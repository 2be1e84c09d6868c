/**
 * Service properties, https://learn.microsoft.com/rest/api/storageservices/set-blob-service-properties: kept and given back as data.
 * CORS rules hold (cors.ts). The others have no effect, except that a service makes its container: nothing is logged, and no website
 * answers. Soft delete cannot be turned on: deleted data is not kept, and clients must not be told that it is.
 */
import { HttpError } from '../../../http/errors.ts'
import { LOGS, WEB } from '../../store/names.ts'
import { checkCors } from '../cors.ts'
import { insideOf, isDocument, textOf, XML_HEAD } from '../xml.ts'

/** Element → what is inside of it, as XML. */
export type ServiceProperties = Record<string, string>

const METRICS =
  '<Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>'

/** In the order in which the service writes them. */
const DEFAULTS: ServiceProperties = {
  Logging:
    '<Version>1.0</Version><Read>false</Read><Write>false</Write><Delete>false</Delete>' +
    '<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>',
  HourMetrics: METRICS,
  MinuteMetrics: METRICS,
  Cors: '',
  DefaultServiceVersion: '2023-11-03',
  DeleteRetentionPolicy: '<Enabled>false</Enabled>',
  StaticWebsite: '<Enabled>false</Enabled>',
}

const MAX_DAYS = 365

/** Of an account of which none were set. */
export const defaultServiceProperties = (): ServiceProperties => ({ ...DEFAULTS })

/** @returns those elements that the document has. @throws HttpError 400 */
export function readServiceProperties(xml: string): ServiceProperties {
  if (!isDocument(xml, 'StorageServiceProperties'))
    throw new HttpError(400, 'InvalidXmlDocument', 'The body is not a StorageServiceProperties document.')
  const body = insideOf(xml, 'StorageServiceProperties')[0]
  const given = Object.keys(DEFAULTS).flatMap((name) => {
    const inside = insideOf(body ?? '', name)[0]
    if (inside !== undefined) return [[name, inside.trim()] as const]
    return new RegExp(`<${name}\\s*/>`).test(body ?? '') ? [[name, ''] as const] : []
  })
  const properties = Object.fromEntries(given)
  check(properties)
  return properties
}

const isDays = (days: string | undefined): boolean =>
  days !== undefined && /^\d{1,3}$/.test(days) && Number(days) >= 1 && Number(days) <= MAX_DAYS

function check(properties: ServiceProperties): void {
  const deletion = properties.DeleteRetentionPolicy ?? ''
  if (textOf(deletion, 'Enabled') === 'true' && !isDays(textOf(deletion, 'Days')))
    throw new HttpError(400, 'InvalidXmlDocument', `What is deleted is kept for 1 to ${MAX_DAYS} days.`)
  if (textOf(deletion, 'Enabled') === 'true')
    throw new HttpError(
      400,
      'FeatureNotSupported',
      'The local lake keeps nothing that was deleted: soft delete cannot be turned on.',
    )
  checkCors(properties.Cors ?? '')
  for (const name of ['Logging', 'HourMetrics', 'MinuteMetrics']) {
    const policy = insideOf(properties[name] ?? '', 'RetentionPolicy')[0] ?? ''
    if (textOf(policy, 'Enabled') === 'true' && !isDays(textOf(policy, 'Days')))
      throw new HttpError(400, 'InvalidXmlDocument', `${name} is kept for 1 to ${MAX_DAYS} days.`)
  }
}

/** @returns the containers that the service makes by itself when these are set. */
export function containersFor({ Logging = '', StaticWebsite = '' }: ServiceProperties): string[] {
  const isLogging = ['Read', 'Write', 'Delete'].some((one) => textOf(Logging, one) === 'true')
  const isWebsite = textOf(StaticWebsite, 'Enabled') === 'true'
  return [...(isLogging ? [LOGS] : []), ...(isWebsite ? [WEB] : [])]
}

/** In the order of the service's own answer. */
export const serviceXml = (properties: ServiceProperties): string =>
  `${XML_HEAD}<StorageServiceProperties>${Object.keys(DEFAULTS)
    .map((name) => `<${name}>${properties[name] ?? ''}</${name}>`)
    .join('')}</StorageServiceProperties>`
