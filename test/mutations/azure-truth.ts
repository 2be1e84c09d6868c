/** Changes that bring back what a deployment or an answer of Azure was once taken for. */
import { type Mutation, of } from './mutation.ts'

const SETUP = ['test/setup/setup.test.ts']
const INFRA = ['test/infra/infra.test.ts']
const GALLERY = ['test/infra/gallery.test.ts']

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
      [
        'a job is stopped, and its end not waited for',
        'while (!AT_REST.includes(await stateOf())) {',
        'while (before === String(query)) {',
      ],
      [
        'whether a job runs is not known, and the deployment goes on',
        '; stop it: $' + '{command}`,\n      stops: true',
        '; stop it: $' + '{command}`,\n      stops: false',
      ],
      ['a name that ends in a period is taken', '{0,39}[\\p{L}\\p{N}_()-]$', '{0,39}[\\p{L}\\p{N}_().-]$'],
      [
        'what is being registered is not waited for',
        'while (waiting.size > 0 && now() < deadline)',
        'while (waiting.size > 99)',
      ],
      ['prepare writes a line for each thing', "texts.join('; ')", "texts.join('\\n')"],
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
  ...of(
    'local/resource-manager/providers.ts',
    ['test/wire/management-resources.test.ts'],
    [
      ['the newest version of accounts is one of 2024', "['2026-06-01', '2024-01-01'", "['2024-01-01'"],
      ['a type that is deployed is not listed', "    'workspaces/bigDataPools',\n", ''],
    ],
  ),
  ...of(
    'azure/lake/delta-table.ts',
    ['test/azure/lake/delta-table.test.ts'],
    [['the history lists a whole log', 'list(versionPrefix(first), signal)', 'list(undefined, signal)']],
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
    'azure/stages/start-operation.ts',
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
  {
    file: '.gitattributes',
    what: 'line ends of the templates are those of the machine',
    find: '* text=auto eol=lf\n',
    put: '',
    tests: GALLERY,
  },
  {
    file: '.github/workflows/azure-dev.yml',
    what: 'the workflow’s identity gets the roles of a person',
    find: 'AZURE_PRINCIPAL_TYPE: ServicePrincipal',
    put: 'AZURE_PRINCIPAL_TYPE: User',
    tests: GALLERY,
  },
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
      'modules/roles/container.bicep',
      'an assignment on a container has the name of its resource',
      'guid(container.id, principalId, roleId)',
      'guid(container.id, roleId)',
    ],
    [
      'modules/roles/account.bicep',
      'an assignment on the account has the name of its resource',
      'guid(account.id, principalId, roleId)',
      'guid(account.id, roleId)',
    ],
    [
      'modules/synapse.bicep',
      'Synapse’s filesystem has a slash at its end',
      "environment().suffixes.storage}'",
      "environment().suffixes.storage}/'",
    ],
    [
      'modules/synapse.bicep',
      'nobody of Entra administers Synapse’s SQL',
      "administratorType: 'ActiveDirectory'",
      "administratorType: 'Other'",
    ],
    [
      'main.bicep',
      'another spelling of the environment makes a second set of everything',
      'toLower(environmentName)',
      'environmentName',
    ],
    [
      'main.bicep',
      'another spelling of the region makes a second set of everything',
      "toLower(replace(location, ' ', ''))",
      'location',
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
