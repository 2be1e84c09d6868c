/**
 * Service properties, https://learn.microsoft.com/rest/api/storageservices/set-blob-service-properties: kept and given back as data.
 * CORS rules hold (cors.ts). The others have no effect, except that a service makes its container: nothing is logged, and no website
 * answers. Soft delete cannot be turned on: deleted data is not kept, and clients must not be told that it is.
 */
import { HttpError } from '../../../http/errors.ts'
import { LOGS, WEB } from '../../store/names.ts'
import { checkCors } from '../cors.ts'
import { element, insideOf, invalidXml, isDocument, textOf, XML_HEAD } from '../xml.ts'

/** Element → what is inside of it, as XML. */
export type ServiceProperties = Record<string, string>

const METRICS =
  '<Version>1.0</Version><Enabled>false</Enabled><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>'

/** In the order in which the service writes them. */
const NAMES = [
  ...['Logging', 'HourMetrics', 'MinuteMetrics', 'Cors'],
  ...['DeleteRetentionPolicy', 'StaticWebsite', 'DefaultServiceVersion'],
]

/** The order of a rule's parts in the service's answer, whatever that was in which they were sent. */
const CORS_PARTS = ['AllowedMethods', 'AllowedOrigins', 'AllowedHeaders', 'ExposedHeaders', 'MaxAgeInSeconds']

const DEFAULTS: ServiceProperties = {
  Logging:
    '<Version>1.0</Version><Read>false</Read><Write>false</Write><Delete>false</Delete>' +
    '<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>',
  HourMetrics: METRICS,
  MinuteMetrics: METRICS,
  Cors: '',
  DeleteRetentionPolicy: '<Enabled>false</Enabled>',
  StaticWebsite: '<Enabled>false</Enabled>',
}

const MAX_DAYS = 365
const RETENTION = `Retention days must be greater than 0 and less than or equal to ${MAX_DAYS} days.`

/** Of an account of which none were set. */
export const defaultServiceProperties = (): ServiceProperties => ({ ...DEFAULTS })

/** @returns those elements that the document has. @throws HttpError 400 */
export function readServiceProperties(xml: string): ServiceProperties {
  if (!isDocument(xml, 'StorageServiceProperties'))
    throw invalidXml('The body is not a StorageServiceProperties document.')
  const body = insideOf(xml, 'StorageServiceProperties')[0]
  const given = NAMES.flatMap((name) => {
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
  if (textOf(deletion, 'Enabled') === 'true' && !isDays(textOf(deletion, 'Days'))) throw invalidXml(RETENTION)
  if (textOf(deletion, 'Enabled') === 'true')
    throw new HttpError(
      400,
      'FeatureNotSupported',
      'The local lake keeps nothing that was deleted: soft delete cannot be turned on.',
    )
  checkCors(properties.Cors ?? '')
  for (const name of ['Logging', 'HourMetrics', 'MinuteMetrics']) {
    const policy = insideOf(properties[name] ?? '', 'RetentionPolicy')[0] ?? ''
    if (textOf(policy, 'Enabled') === 'true' && !isDays(textOf(policy, 'Days'))) throw invalidXml(RETENTION)
  }
}

/** @returns the containers that the service makes by itself when these are set. */
export function containersFor({ Logging = '', StaticWebsite = '' }: ServiceProperties): string[] {
  const isLogging = ['Read', 'Write', 'Delete'].some((one) => textOf(Logging, one) === 'true')
  const isWebsite = textOf(StaticWebsite, 'Enabled') === 'true'
  return [...(isLogging ? [LOGS] : []), ...(isWebsite ? [WEB] : [])]
}

/**
 * In the order of the service's own answer, a version only where one was set, and last (azure-sdk-for-js, recorded of storage-file-datalake as
 * setproperties_and_getproperties; azure-sdk-for-python, test_set_default_service_version).
 */
export function serviceXml(properties: ServiceProperties): string {
  const told = NAMES.flatMap((name) => {
    const inside = properties[name]
    if (inside === undefined) return []
    return [inside === '' ? element(name, '') : `<${name}>${partsOf(name, inside)}</${name}>`]
  })
  return `${XML_HEAD}<StorageServiceProperties>${told.join('')}</StorageServiceProperties>`
}

function partsOf(name: string, inside: string): string {
  if (name === 'DeleteRetentionPolicy' && !inside.includes('<AllowPermanentDelete>'))
    return `${inside}${element('AllowPermanentDelete', false)}`
  if (name !== 'Cors') return inside
  const rules = insideOf(inside, 'CorsRule').map((rule) =>
    CORS_PARTS.flatMap((part) => {
      const value = insideOf(rule, part)[0]
      if (value !== undefined && value !== '') return [`<${part}>${namesFirst(value)}</${part}>`]
      return rule.includes(`<${part}`) ? [element(part, '')] : []
    }).join(''),
  )
  return rules.map((rule) => `<CorsRule>${rule}</CorsRule>`).join('')
}

/** Of a list, whole names before those of which only the beginning is given (azure-sdk-for-python, recorded as test_set_cors). */
function namesFirst(list: string): string {
  const names = list.split(',')
  const isWhole = (name: string) => !/.\*$/.test(name.trim())
  return [...names.filter(isWhole), ...names.filter((name) => !isWhole(name))].join(',')
}
