/** Changes of what .NET's clients hear on the wire: each takes back what one row of their faults needed. */
import { type Mutation, of } from './mutation.ts'

const LINKS = ['test/wire/event-hubs-links.test.ts']
const IDEMPOTENT = ['test/wire/event-hubs-idempotent.test.ts']
const FORMS = ['test/wire/data-lake-forms.test.ts']
const BLOCKS = ['test/wire/data-lake-blocks.test.ts']
const CHECKSUMS = ['test/wire/data-lake-checksums.test.ts']
const ARM = ['test/wire/resource-manager.test.ts']

export const WIRE_FORMS: readonly Mutation[] = [
  ...of('local/event-hubs/amqp/settlement.ts', LINKS, [
    [
      'an attach says "mixed" whatever was asked',
      'remote.attach.snd_settle_mode ?? SENDER.mixed',
      'SENDER.mixed',
    ],
    [
      'an attach says "first" whatever was asked',
      'remote.attach.rcv_settle_mode ?? RECEIVER.first',
      'RECEIVER.first',
    ],
  ]),
  ...of('local/event-hubs/amqp/refusal.ts', LINKS, [
    ['a refused receiver has a source', 'attach.source = null', ''],
    ['a refused sender has a target', 'attach.target = null', ''],
  ]),
  ...of('local/event-hubs/links/address.ts', LINKS, [
    ['what is missing is not named as clients look for it', "The messaging entity '", "There is none of '"],
    [
      'a missing partition is one more thing not found',
      'com.microsoft:argument-out-of-range',
      'amqp:not-found',
    ],
  ]),
  ...of('local/event-hubs/links/requests.ts', LINKS, [
    ['a token for a hub that is not there is answered 401', 'refusal(request, 404,', 'refusal(request, 401,'],
  ]),
  ...of(
    'local/event-hubs/links/management.ts',
    ['test/wire/event-hubs-protocol.test.ts'],
    [
      [
        'an answer has no condition',
        "Object.assign(refused.application_properties ?? {}, { 'error-condition': wrap_symbol(condition) })",
        '',
      ],
    ],
  ),
  ...of('local/event-hubs/links/subscriptions.ts', LINKS, [
    ['ten readers share a partition', 'MAX_READERS = 5', 'MAX_READERS = 10'],
  ]),
  ...of(
    'local/event-hubs/links/start-position.ts',
    ['test/wire/event-hubs-protocol.test.ts'],
    [
      [
        'a start position that is no number has no condition of its own',
        '1,19}$/.test(value)',
        '1,19}$/.test(String(value.length))',
      ],
    ],
  ),
  ...of(
    'local/event-hubs/links/start-position.ts',
    ['test/wire/event-hubs.test.ts'],
    [
      ['a wrong offset is told as a sequence number', "? 'offset' :", "? 'sequence number' :"],
      ['the place behind the last event is refused', 'last + (isInclusive ? 1 : 0)', 'last'],
    ],
  ),
  ...of('local/event-hubs/links/producer-links.ts', IDEMPOTENT, [
    ['the capability is not granted', 'attach.offered_capabilities = [IDEMPOTENT_PRODUCER]', ''],
    ['a producer is not told who it is', 'attach.properties = properties', ''],
  ]),
  ...of('local/event-hubs/links/idempotence.ts', IDEMPOTENT, [
    [
      'a batch that comes again is stored again',
      "return 'repeated'",
      'return { state: known as ProducerState }',
    ],
    ['a gap in the numbers is taken', 'if (first !== expected)', 'if (first === -1 && expected > 0)'],
    [
      'an owner of a lower epoch publishes on',
      'if (known && known.epoch > epoch)',
      'if (known && known.epoch > epoch + 99)',
    ],
  ]),
  ...of('local/data-lake/rest/lake-call.ts', FORMS, [
    [
      'names of the query count in their case',
      'query.append(name.toLowerCase(), value)',
      'query.append(name, value)',
    ],
    ['the id of a request does not come back', "{ 'x-ms-client-request-id': given }", '{}'],
  ]),
  ...of(
    'local/data-lake/rest/lake-call.ts',
    ['test/wire/data-lake-sas.test.ts'],
    [
      [
        'a plus in a query stays a plus',
        'new URLSearchParams(text)',
        "new URLSearchParams(text.replaceAll('+', '%2B'))",
      ],
    ],
  ),
  ...of('local/data-lake/rest/xml.ts', FORMS, [
    ['words of the query count in their case', 'one.trim().toLowerCase()', 'one.trim()'],
  ]),
  ...of('local/data-lake/auth/shared-key.ts', FORMS, [
    ['names of the query are signed in their case', 'const key = name.toLowerCase()', 'const key = name'],
  ]),
  ...of('local/data-lake/rest/containers/account.ts', FORMS, [
    [
      'containers are listed without metadata',
      'withMetadata ? metadataXml(properties.metadata)',
      "withMetadata ? ''",
    ],
  ]),
  ...of('local/data-lake/rest/containers/containers.ts', FORMS, [
    [
      'conditions on containers are passed over',
      "checkConditions(call.request, stats, { isRead: call.method === 'GET' || call.method === 'HEAD' })",
      '',
    ],
  ]),
  ...of('local/http/server.ts', FORMS, [
    ['a refusal does not read the body', 'if (!response.headersSent) await drainBody(request)', ''],
  ]),
  ...of(
    'local/http/body.ts',
    ['test/local/http/body.test.ts'],
    [
      ['a body that waits to be asked for is waited for', ' || waiting.has(request)', ''],
      ['a body is read on without a bound of bytes', 'if (bytes > limits.bytes) stop()', ''],
      [
        'a body is read on without a bound of time',
        'setTimeout(stop, limits.ms)',
        'setTimeout(stop, 2 ** 30)',
      ],
      ['a body that says it is longer is read on', ' || length > limits.bytes', ''],
    ],
  ),
  ...of('local/data-lake/store/staged-blocks.ts', BLOCKS, [
    [
      'committed blocks cannot be named again',
      "(from === 'uncommitted' ? undefined : old.get(id))",
      'undefined',
    ],
    [
      'ids of a blob may differ in length',
      'decodedLength(other) !== decodedLength(id)',
      'other === id && blocks.size > 1e9',
    ],
  ]),
  ...of('local/data-lake/rest/blobs/blob-read.ts', CHECKSUMS, [
    ['the MD5 of a range is passed over', "[asks('md5'), asks('crc64')]", "[false, asks('crc64')]"],
    ['the MD5 of a range has no greatest length', 'if (length > MAX_CHECKED_RANGE)', 'if (length < 0)'],
  ]),
  ...of('local/data-lake/rest/blobs/blob-listing.ts', FORMS, [
    [
      'names are grouped by a slash only',
      "delimiter === '' ? -1 : name.indexOf(delimiter,",
      "delimiter !== '/' ? -1 : name.indexOf(delimiter,",
    ],
    ['a listing begins at its beginning', 'if (name < start ||', 'if ('],
    ['a listing goes to its end', 'if (end !== undefined && name >= end) return', ''],
  ]),
  ...of('local/data-lake/rest/checked-body.ts', CHECKSUMS, [
    ['a wrong CRC-64 is taken', 'expectedCrc !== undefined && expectedCrc !== told', 'false'],
    ['a wrong MD5 is taken', 'if (found !== expected)\n', 'if (found === null)\n'],
    [
      'a structured body is stored as it came',
      'form === undefined ? undefined : { form',
      'form !== null ? undefined : { form',
    ],
  ]),
  ...of('local/http/router.ts', ARM, [
    [
      'a change is a path that is not there',
      "new HttpError(405, 'MethodNotAllowed'",
      "new HttpError(404, 'NotFound'",
    ],
  ]),
  ...of('local/http/router.ts', ARM, [
    ['segments count in their case', 'expected.toLowerCase() !== given.toLowerCase()', 'expected !== given'],
  ]),
]
