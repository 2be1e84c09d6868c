/** Operations on the account, https://learn.microsoft.com/rest/api/storageservices/operations-on-the-account--blob-service- */
import type { Operation } from './operation.ts'

const LISTING = ['prefix', 'marker', 'maxresults', 'include']

/** The first that fits a request is the one. */
export const ACCOUNT_OPERATIONS = [
  {
    id: 'listContainers',
    name: 'List Containers',
    api: 'Blob',
    level: 'account',
    methods: ['GET'],
    words: { comp: 'list' },
    parameters: LISTING,
    values: { include: ['metadata', 'deleted', 'system'] },
  },
  {
    id: 'getServiceProperties',
    name: 'Get Blob Service Properties',
    api: 'Blob',
    level: 'account',
    methods: ['GET'],
    words: { restype: 'service', comp: 'properties' },
  },
  {
    id: 'setServiceProperties',
    name: 'Set Blob Service Properties',
    api: 'Blob',
    level: 'account',
    methods: ['PUT'],
    words: { restype: 'service', comp: 'properties' },
  },
  {
    id: 'getServiceStats',
    name: 'Get Blob Service Stats',
    api: 'Blob',
    level: 'account',
    methods: ['GET'],
    words: { restype: 'service', comp: 'stats' },
    refusal: 'the local lake has no second region to tell of',
  },
  {
    id: 'getUserDelegationKey',
    name: 'Get User Delegation Key',
    api: 'Blob',
    level: 'account',
    methods: ['POST'],
    words: { restype: 'service', comp: 'userdelegationkey' },
  },
  {
    id: 'getAccountInformation',
    name: 'Get Account Information',
    api: 'Blob',
    level: 'account',
    methods: ['GET', 'HEAD'],
    words: { restype: 'account', comp: 'properties' },
  },
  {
    id: 'accountBatch',
    name: 'Blob Batch (deletes)',
    api: 'Blob',
    level: 'account',
    methods: ['POST'],
    words: { comp: 'batch' },
  },
  {
    id: 'findBlobs',
    name: 'Find Blobs by Tags',
    api: 'Blob',
    level: 'account',
    methods: ['GET'],
    words: { comp: 'blobs' },
    refusal: 'the local lake keeps no tags of blobs',
  },
  {
    id: 'listFilesystems',
    name: 'Filesystem - List',
    api: 'Data Lake',
    level: 'account',
    methods: ['GET'],
    words: { resource: 'account' },
    parameters: ['prefix', 'continuation', 'maxresults'],
  },
] as const satisfies readonly Operation[]
