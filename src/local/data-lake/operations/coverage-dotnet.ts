/** What is known of each operation from .NET: the column of the guide's table. Data, as nothing here can find it out. */

/** Called by Azure.Storage.Blobs 12.30.1 on the .NET SDK 10 against a trial build. */
const RUN = [
  ...['listContainers', 'createContainer', 'setContainerMetadata', 'deleteContainer', 'listBlobs'],
  ...['putBlob', 'putBlock', 'putBlockList', 'getBlob', 'getProperties', 'copyBlob', 'deleteBlob'],
]

/** Tests send what Azure.Storage sends, and .NET itself was not run against it. */
const WIRE_FORM = [
  ...['getBlockList', 'putAppendBlob', 'appendBlock', 'sealBlob', 'leaseBlob', 'leaseContainer'],
  ...[
    'getContainerAcl',
    'setContainerAcl',
    'getUserDelegationKey',
    'getServiceProperties',
    'setServiceProperties',
  ],
]

export const dotnetCoverage = (id: string): string =>
  RUN.includes(id) ? 'run' : WIRE_FORM.includes(id) ? 'wire form' : '–'
