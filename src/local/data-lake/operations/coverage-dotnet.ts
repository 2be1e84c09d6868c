/** What is known of each operation from .NET: the column of the guide's table. Data, as nothing here can find it out. */

/** Called by Azure.Storage.Blobs: 12.30.1 on the .NET SDK 10 against a trial build, 12.24.0 by scripts/suites/dotnet/cases.cs. */
const RUN = [
  ...['listContainers', 'createContainer', 'setContainerMetadata', 'deleteContainer', 'listBlobs'],
  ...['putBlob', 'putBlock', 'putBlockList', 'getBlob', 'getProperties', 'copyBlob', 'deleteBlob'],
  ...['getBlockList', 'putBlockFromUrl', 'putAppendBlob', 'appendBlock', 'leaseBlob', 'leaseContainer'],
  ...['getContainerAcl', 'setContainerAcl', 'getServiceProperties', 'setServiceProperties'],
  ...['setBlobMetadata', 'setBlobProperties', 'setTier', 'snapshotBlob'],
]

/** Tests send what Azure.Storage sends, and .NET itself was not run against it. */
const WIRE_FORM = ['sealBlob', 'getUserDelegationKey']

/** `run`, `wire form`, or `–` for an operation of which nothing is known. */
export const dotnetCoverage = (id: string): string =>
  RUN.includes(id) ? 'run' : WIRE_FORM.includes(id) ? 'wire form' : '–'
