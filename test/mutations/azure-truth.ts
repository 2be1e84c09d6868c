/** Changes that bring back what a deployment or an answer of Azure was once taken for. */
import { type Mutation, of } from './mutation.ts'

const SETUP = ['test/setup/setup.test.ts']
const INFRA = ['test/infra/infra.test.ts']

export const AZURE_TRUTH: readonly Mutation[] = [
  ...of(
    'contract/bronze-layout.ts',
    ['test/infra/infra.test.ts', 'test/contract/bronze-layout.test.ts'],
    [
      ['the path of write mode Once has no {time}', '/{date}/{time}`', '/{date}`'],
      ['the former form of the folders is not read', '(\\d{2})([-/])(\\d{2})', '(\\d{2})([-])(\\d{2})'],
    ],
  ),
  ...of(
    'setup/prepare.ts',
    ['test/setup/prepare.test.ts'],
    [
      [
        'a running job is not stopped before it is deployed',
        "if (before !== 'Stopping') await",
        'if (before === query) await',
      ],
    ],
  ),
  ...of(
    'azure/stages/metrics.ts',
    ['test/azure/stages/metrics.test.ts'],
    [['a refusal of the subscription is final', 'if (!isRefusal(refusal)) throw refusal', 'throw refusal']],
  ),
  ...of(
    'azure/resources/providers.ts',
    ['test/setup/prepare.test.ts'],
    [
      ['Synapse needs no SQL', "['Microsoft.Synapse', 'Microsoft.Sql']", "['Microsoft.Synapse']"],
      ['Databricks needs no identity', "  'Microsoft.ManagedIdentity',\n", ''],
    ],
  ),
  ...of('azure/provisioning/unity-catalog.ts', SETUP, [
    ['file events are on', '        enable_file_events: false,\n', ''],
    [
      'a workspace without a metastore is not recognised',
      'METASTORE_DOES_NOT_EXIST|NO_METASTORE',
      'NO_METASTORE_AT_ALL',
    ],
    ['Unity Catalog that is off is not recognised', '/FEATURE_DISABLED/', '/FEATURE_GONE/'],
  ]),
  ...of('azure/provisioning/databricks.ts', SETUP, [
    [
      'the new name of an access mode is another mode',
      "  SINGLE_USER: 'DATA_SECURITY_MODE_DEDICATED',\n",
      '',
    ],
  ]),
  ...of(
    'azure/stages/stream-analytics.ts',
    ['test/azure/stages/stream-analytics.test.ts'],
    [
      [
        'a question that fails is a start that failed',
        'if (isOfQuestion(error)) {',
        'if (false as boolean) {',
      ],
    ],
  ),
  ...of(
    'doctor/pipeline.ts',
    ['test/doctor/doctor.test.ts', 'test/doctor/checks.test.ts'],
    [['doctor refuses the former form of the folders', " || timeFormat === 'HH/mm')", ')']],
  ),
  ...[
    [
      'modules/stream-analytics.bicep',
      'the last minute waits for ever',
      'eventsLateArrivalMaxDelayInSeconds: 5',
      'eventsLateArrivalMaxDelayInSeconds: -1',
    ],
    [
      'modules/stream-analytics.bicep',
      'minutes are no folders of their own',
      "timeFormat: 'HH-mm'",
      "timeFormat: 'HH'",
    ],
    [
      'modules/roles/hub.bicep',
      'an assignment has the name of its resource',
      'guid(hub.id, principalId, roleId)',
      'guid(hub.id, roleId)',
    ],
    [
      'modules/synapse.bicep',
      'the SQL administrator has no name',
      "sqlAdministratorLogin: 'sqladminuser'",
      "sqlAdministratorLogin: ''",
    ],
  ].map(
    ([file = '', what = '', find = '', put = '']): Mutation => ({
      file: `infra/${file}`,
      what,
      find,
      put,
      tests: INFRA,
    }),
  ),
]
