/** The control planes as Python's SDKs see them, unmodified, over TLS with the session's token and certificate. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { JOB_RESOURCE_ID } from '../../src/local/stream-analytics/job-resource.ts'
import { type ControlPlane, removeFolders, startControlPlane, TOKEN } from '../support/control-plane.ts'
import { runPython } from '../support/python.ts'

let plane: ControlPlane
beforeEach(async () => {
  plane = await startControlPlane()
})
afterEach(() => plane.close())
afterAll(removeFolders)

const COMMON = `
import os, sys, time
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
url, token, certificate = sys.argv[1:4]
os.environ["REQUESTS_CA_BUNDLE"] = certificate
class Session:
    def __init__(self, token=token): self.token = token
    def get_token(self, *scopes, **options): return AccessToken(self.token, 4102444800)
def refused(status, code, call):
    try:
        call()
    except HttpResponseError as error:
        assert (error.status_code, error.error.code) == (status, code), (error.status_code, error)
        return
    raise AssertionError(f"not refused, expected {status} {code}")
`
async function run(script: string): Promise<void> {
  const certificate = join(plane.folder, 'ca.pem')
  writeFileSync(certificate, plane.certificate)
  expect(await runPython(`${COMMON}${script}\nprint("all well")`, [plane.url, TOKEN, certificate])).toBe(
    'all well',
  )
}

const ARM = `
from datetime import datetime, timedelta, timezone
from azure.mgmt.core.polling.arm_polling import ARMPolling
from azure.mgmt.streamanalytics import StreamAnalyticsManagementClient
from azure.mgmt.streamanalytics.models import StartStreamingJobParameters
group, job = "rg-rtstream-local", "asa-rtstream-local"
def client(subscription="00000000-0000-0000-0000-000000000000", credential=Session()):
    return StreamAnalyticsManagementClient(credential, subscription, base_url=url, credential_scopes=["https://management.azure.com/.default"], retry_total=0, polling_interval=1)
asa = client()
jobs = asa.streaming_jobs
start = lambda mode, **more: jobs.begin_start(group, job, StartStreamingJobParameters(output_start_mode=mode, **more)).result()
state = lambda: jobs.get(group, job).job_state
`

describe('azure-mgmt-streamanalytics', () => {
  it('looks at the job and what belongs to it', () =>
    run(`${ARM}
assert [one.name for one in jobs.list()] == [one.name for one in jobs.list_by_resource_group(group)] == [job]
whole = jobs.get(group, job, expand="inputs,transformation,outputs,functions")
assert (whole.inputs[0].name, whole.outputs[0].name, whole.functions) == ("weather", "bronze", [])
assert "INTO bronze" in whole.transformation.query
assert jobs.get(group, job).inputs is None
assert [one.properties.datasource.event_hub_name for one in asa.inputs.list_by_streaming_job(group, job)] == ["weather"]
assert [one.datasource.container for one in asa.outputs.list_by_streaming_job(group, job, select="*")] == ["bronze"]
assert asa.transformations.get(group, job, "Query").streaming_units == 3
assert list(asa.functions.list_by_streaming_job(group, job)) == []
refused(404, "NotFound", lambda: asa.functions.get(group, job, "none"))
refused(404, "ResourceNotFound", lambda: jobs.get(group, "other"))
refused(404, "ResourceGroupNotFound", lambda: jobs.get("other", job))
refused(404, "SubscriptionNotFound", lambda: list(client("11111111-1111-1111-1111-111111111111").streaming_jobs.list()))
refused(401, "InvalidAuthenticationToken", lambda: list(client(credential=Session("wrong")).streaming_jobs.list()))
refused(405, "MethodNotAllowed", lambda: jobs.begin_delete(group, job))
`))

  it('starts it in each mode and stops it, polled by signed Locations', async () => {
    plane.send(0, { n: 0 })
    await run(`${ARM}
refused(409, "Conflict", lambda: start("LastOutputEventTime"))
refused(422, "422", lambda: start("CustomTime"))
refused(400, "BadRequest", lambda: start("Never"))
assert state() == "Created"
poller = jobs.begin_start(group, job)
poller.result()
assert (state(), poller.status()) == ("Running", "Succeeded")
refused(409, "Conflict", lambda: start("JobStartTime"))
jobs.begin_stop(group, job, polling=ARMPolling(0, lro_options={"final-state-via": "location"})).result()
jobs.begin_stop(group, job).result()
assert state() == "Stopped"
start("CustomTime", output_start_time=datetime.now(timezone.utc) - timedelta(hours=1))
while jobs.get(group, job).last_output_event_time is None: time.sleep(0.05)
jobs.begin_stop(group, job).result()
start("LastOutputEventTime")
assert jobs.get(group, job).output_start_mode == "LastOutputEventTime"
`)
    expect(plane.job.state).toBe('Running')
  })
})

describe('databricks-sdk', () => {
  const SDK = `
import base64, io, logging
from datetime import timedelta
warned = []
logging.getLogger("databricks.sdk").addHandler(type("Ear", (logging.Handler,), {"emit": lambda self, record: warned.append(record.getMessage())})(logging.WARNING))
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service import compute, jobs as j, workspace as ws
# A client that asks again what is refused would hang for minutes.
def client(token=token): return WorkspaceClient(config=Config(host=url, token=token, retry_timeout_seconds=5))
def fails(name, call):
    try:
        call()
    except DatabricksError as error:
        assert type(error).__name__ == name, (type(error), error)
        return
    raise AssertionError(f"not refused, expected {name}")
w = client()
soon = timedelta(seconds=20)
`
  it('makes jobs, runs them, waits for them, lists them', () =>
    run(`${SDK}
assert w.current_user.me().user_name
ids = {job.settings.name: job.job_id for job in w.jobs.list()}
silver = ids["rtstream-silver"]
assert [job.job_id for job in w.jobs.list(name="RTSTREAM-silver", limit=1)] == [silver]
assert [len(job.settings.tasks or []) for job in w.jobs.list()] == [0, 0]
assert [len(job.settings.tasks) for job in w.jobs.list(expand_tasks=True)] == [1, 1]
task = j.Task(task_key="t", notebook_task=j.NotebookTask(notebook_path="/Shared/x/gold", base_parameters={"a": "b"}),
              new_cluster=compute.ClusterSpec(spark_version="15.4.x-scala2.12", num_workers=1), timeout_seconds=0)
mine = w.jobs.create(name="mine", tasks=[task], queue=j.QueueSettings(enabled=True), tags={"a": "b"}).job_id
found = w.jobs.get(mine)
assert found.settings.tasks[0].as_dict().items() >= task.as_dict().items()
assert found.creator_user_name == w.current_user.me().user_name and found.settings.timeout_seconds == 0
w.jobs.update(mine, new_settings=j.JobSettings(name="yours", tasks=[j.Task(task_key="u")]), fields_to_remove=["tags"])
changed = w.jobs.get(mine).settings
assert (changed.name, changed.tags, [one.task_key for one in changed.tasks]) == ("yours", None, ["t", "u"])
run = w.jobs.run_now(silver, idempotency_token="once")
assert w.jobs.run_now(silver, idempotency_token="once").run_id == run.run_id
assert w.jobs.get_run(run.run_id, include_history=True).state.life_cycle_state == j.RunLifeCycleState.PENDING
[of] = w.jobs.get_run(run.run_id).tasks
assert w.jobs.get_run_output(of.run_id).metadata.run_id == of.run_id
skipped = w.jobs.run_now(silver, queue=j.QueueSettings(enabled=False)).result(timeout=soon)
assert skipped.state.life_cycle_state == j.RunLifeCycleState.SKIPPED
queued = w.jobs.run_now(silver, queue=j.QueueSettings(enabled=True)).run_id
assert w.jobs.get_run(queued).status.queue_details.code == j.QueueDetailsCodeCode.MAX_CONCURRENT_RUNS_REACHED
found = lambda **options: [one.run_id for one in w.jobs.list_runs(**options)]
assert found(job_id=silver, limit=1) == [queued, skipped.run_id, run.run_id]
assert found(active_only=True) == [queued, run.run_id] and found(completed_only=True) == [skipped.run_id]
assert found(start_time_from=int(time.time() * 1000) + 3_600_000) == [] == found(run_type=j.RunType.SUBMIT_RUN)
assert [one.tasks or [] for one in w.jobs.list_runs(limit=1)] == [[], [], []]
w.jobs.cancel_all_runs(job_id=silver)
for one in (run.run_id, queued):
    ended = w.jobs.cancel_run_and_wait(one, timeout=soon)
    assert ended.state.result_state == j.RunResultState.CANCELED and ended.status.termination_details.code == j.TerminationCodeCode.USER_CANCELED
assert found(active_only=True) == []
w.jobs.delete_run(run.run_id)
fails("ResourceDoesNotExist", lambda: w.jobs.get_run(run.run_id))
assert found(job_id=silver) == [queued, skipped.run_id]
fails("InvalidParameterValue", lambda: w.jobs.run_now(silver, idempotency_token="once"))
fails("InvalidParameterValue", lambda: w.jobs.run_now(mine))
w.jobs.update(mine, fields_to_remove=["tasks/u"])
assert [one.task_key for one in w.jobs.get(mine).settings.tasks] == ["t"]
active = w.jobs.run_now(mine).run_id
fails("InvalidState", lambda: w.jobs.delete_run(active))
w.jobs.delete(mine)
assert found(active_only=True) == []
assert w.jobs.create(name="next").job_id != mine
fails("ResourceDoesNotExist", lambda: w.jobs.get(mine))
fails("ResourceDoesNotExist", lambda: w.jobs.get_run(9))
fails("PermissionDenied", lambda: w.jobs.delete(silver))
fails("InvalidParameterValue", lambda: w.jobs.run_now(mine))
once = w.jobs.submit(run_name="once", tasks=[j.SubmitTask(task_key="a", notebook_task=j.NotebookTask(notebook_path="/x/gold"))])
assert [one.run_id for one in w.jobs.list_runs(run_type=j.RunType.SUBMIT_RUN)] == [once.run_id]
w.jobs.cancel_run(once.run_id)
assert once.result().state.result_state == j.RunResultState.CANCELED
fails("InvalidParameterValue", lambda: w.jobs.submit(run_name="x"))
fails("InvalidParameterValue", lambda: w.jobs.repair_run(queued))
repair = w.jobs.repair_run(queued, rerun_all_failed_tasks=True)
history = w.jobs.get_run(queued, include_history=True).repair_history
assert [(one.type.value, one.id) for one in history] == [("ORIGINAL", None), ("REPAIR", repair.response.repair_id)]
w.jobs.cancel_run(queued)
assert repair.result(timeout=soon).state.result_state == j.RunResultState.CANCELED
[owner] = w.jobs.get_permissions(str(silver)).access_control_list
assert (owner.user_name, owner.all_permissions[0].permission_level) == ("local", j.JobPermissionLevel.IS_OWNER)
for call in (lambda: w.jobs.export_run(queued), lambda: w.clusters.get('none')):
    fails("NotFound", call)
lists = (w.clusters.list, w.instance_pools.list, w.cluster_policies.list, w.libraries.all_cluster_statuses, w.global_init_scripts.list,
         w.secrets.list_scopes, w.repos.list, w.pipelines.list_pipelines, w.warehouses.list, w.tokens.list)
assert [list(of() or []) for of in lists] == [[]] * len(lists)
assert w.get_workspace_id() == 1
assert w.clusters.select_spark_version(long_term_support=True) == "16.4.x-scala2.12"
assert w.clusters.select_node_type(min_cores=4) == "Standard_D4s_v3"
long = w.jobs.create(name="long", tasks=[j.Task(task_key=f"t{index}") for index in range(230)]).job_id
assert [one.task_key for one in w.jobs.get(long).settings.tasks] == [f"t{index}" for index in range(230)]
assert [len(one.settings.tasks) for one in w.jobs.list(name="long", expand_tasks=True)] == [230]
fails("PermissionDenied", lambda: list(client("wrong").jobs.list()))
assert warned == [], warned
`))

  it('uploads to the workspace, lists, reads back, deletes', () =>
    run(`${SDK}
source = b"# Databricks notebook source\\nprint(1)"
code = base64.b64encode(source).decode()
w.workspace.mkdirs("/Shared/a/b")
w.workspace.import_("/Shared/a/b/imported", content=code, format=ws.ImportFormat.SOURCE, language=ws.Language.PYTHON)
w.workspace.upload("/Shared/a/b/uploaded", io.BytesIO(source), language=ws.Language.PYTHON)
w.workspace.upload("/Shared/a/b/uploaded", source + b"2", language=ws.Language.PYTHON, overwrite=True)
w.workspace.upload("/Shared/a/b/auto.py", source, format=ws.ImportFormat.AUTO)
w.workspace.upload("/Shared/a/b/module.py", b"x = 1", format=ws.ImportFormat.AUTO)
w.workspace.upload("/Shared/a/b/book.ipynb", b"{}", format=ws.ImportFormat.AUTO)
kinds = {one.path.split("/")[-1]: one.object_type for one in w.workspace.list("/", recursive=True)}
N, F = ws.ObjectType.NOTEBOOK, ws.ObjectType.FILE
assert kinds == {"imported": N, "uploaded": N, "auto": N, "module.py": F, "book": N}, kinds
assert base64.b64decode(w.workspace.export("/Shared/a/b/imported").content) == source
assert w.workspace.download("/Shared/a/b/uploaded").read() == source + b"2"
assert w.workspace.download("/Shared/a/b/module.py").read() == b"x = 1"
assert w.workspace.export("/Shared/a/b/book", format=ws.ExportFormat.JUPYTER).file_type == "ipynb"
assert w.workspace.get_status("/Shared/a/b/auto").language == ws.Language.PYTHON
fails("ResourceAlreadyExists", lambda: w.workspace.upload("/Shared/a/b/uploaded", source, language=ws.Language.PYTHON))
fails("InvalidParameterValue", lambda: w.workspace.export("/Shared/a/b/imported", format=ws.ExportFormat.JUPYTER))
fails("InvalidParameterValue", lambda: w.workspace.import_("/Shared/a/x", content="$", format=ws.ImportFormat.SOURCE, language=ws.Language.PYTHON))
fails("InvalidParameterValue", lambda: w.workspace.import_("/Shared/a/x", content=code, format=ws.ImportFormat.SOURCE))
fails("ResourceDoesNotExist", lambda: w.workspace.list("/none").__next__())
fails("BadRequest", lambda: w.workspace.delete("/Shared/a"))
fails("BadRequest", lambda: w.workspace.delete("/Shared", recursive=True))
w.workspace.delete("/Shared/a", recursive=True)
assert [one.path for one in w.workspace.list("/Shared")] == []
`))
})

describe('azure-synapse-artifacts', () => {
  it('uploads a notebook, makes a pipeline, runs, queries and cancels it', () =>
    run(`
from datetime import datetime, timedelta, timezone
from azure.synapse.artifacts import ArtifactsClient, models as m
def client(credential=Session()): return ArtifactsClient(credential, endpoint=url + "/synapse", retry_total=0)
synapse = client()
cell = m.NotebookCell(cell_type="code", source=["print(1)"], metadata={}, outputs=[])
language = m.NotebookMetadata(language_info=m.NotebookLanguageInfo(name="python"))
book = m.NotebookResource(name="mine", properties=m.Notebook(cells=[cell], metadata=language, nbformat=4, nbformat_minor=2))
assert synapse.notebook.begin_create_or_update_notebook("mine", book).result().properties.cells[0].source == ["print(1)"]
assert [one.name for one in synapse.notebook.get_notebooks_by_workspace()] == ["mine"]
reference = m.SynapseNotebookReference(type="NotebookReference", reference_name="aggregate")
pipeline = m.PipelineResource(activities=[m.SynapseNotebookActivity(name="step", notebook=reference)], concurrency=1)
assert synapse.pipeline.begin_create_or_update_pipeline("p", pipeline).result().activities[0].name == "step"
assert [one.name for one in synapse.pipeline.get_pipelines_by_workspace()] == ["rtstream-aggregate", "p"]
run = synapse.pipeline.create_pipeline_run("p", parameters={"a": 1}).run_id
assert synapse.pipeline_run.get_pipeline_run(run).status == "Queued"
now = datetime.now(timezone.utc)
span = dict(last_updated_after=now - timedelta(hours=1), last_updated_before=now + timedelta(hours=1))
named = m.RunFilterParameters(filters=[m.RunQueryFilter(operand="PipelineName", operator="Equals", values=["p"])],
                              order_by=[m.RunQueryOrderBy(order_by="RunStart", order="DESC")], **span)
assert [one.run_id for one in synapse.pipeline_run.query_pipeline_runs_by_workspace(named).value] == [run]
assert [one.activity_name for one in synapse.pipeline_run.query_activity_runs("p", run, m.RunFilterParameters(**span)).value] == ["step"]
synapse.pipeline_run.cancel_pipeline_run(run, is_recursive=True)
while synapse.pipeline_run.get_pipeline_run(run).status != "Cancelled": time.sleep(0.05)
refused(400, "PipelineRunNotCancellable", lambda: synapse.pipeline_run.cancel_pipeline_run(run))
refused(404, "PipelineRunNotFound", lambda: synapse.pipeline_run.get_pipeline_run("none"))
refused(404, "PipelineNotFound", lambda: synapse.pipeline.create_pipeline_run("none"))
refused(409, "PipelineInUse", lambda: synapse.pipeline.begin_delete_pipeline("rtstream-aggregate"))
synapse.pipeline.begin_delete_pipeline("p").result()
synapse.notebook.begin_delete_notebook("mine").result()
refused(404, "NotebookNotFound", lambda: synapse.notebook.get_notebook("mine"))
refused(401, "InvalidAuthenticationToken", lambda: list(client(Session("wrong")).pipeline.get_pipelines_by_workspace()))
`))
})

describe('azure-monitor-querymetrics', () => {
  it('reads counts and gauges of the job', async () => {
    plane.send(0, { n: 0 }, 'junk')
    plane.job.start({ mode: 'CustomTime', time: 0 })
    await vi.waitFor(() =>
      expect(plane.job.meter.points('InputEvents', 0, Date.now(), 60_000)).toHaveLength(1),
    )
    await run(`
from datetime import timedelta
from azure.monitor.querymetrics import MetricsClient
def query(names, credential=Session(), resource="${JOB_RESOURCE_ID}", **options):
    client = MetricsClient(url, credential, retry_total=0)
    return client.query_resources(resource_ids=[resource], metric_namespace="Microsoft.StreamAnalytics/streamingjobs", metric_names=names, **options)
[result] = query(["InputEvents", "DeserializationError"], timespan=timedelta(hours=2), granularity=timedelta(minutes=5), aggregations=["total"])
assert [sum(point.total for point in metric.timeseries[0].data) for metric in result.metrics] == [2, 1]
[gauge] = query(["OutputWatermarkDelaySeconds"])[0].metrics
assert gauge.unit == "Seconds" and gauge.timeseries[0].data[-1].average >= 0
refused(400, "BadRequest", lambda: query(["Happiness"]))
refused(404, "ResourceNotFound", lambda: query(["InputEvents"], resource="${JOB_RESOURCE_ID}x"))
refused(401, "InvalidAuthenticationToken", lambda: query(["InputEvents"], Session("wrong")))
`)
  })
})
