// Cases of ours, beside the SDK's own tests: what its tests leave to a workspace with clusters.
package internal

import (
	"testing"
	"time"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/apierr"
	"github.com/databricks/databricks-sdk-go/retries"
	"github.com/databricks/databricks-sdk-go/service/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const soon = time.Minute

func notebookJob(name string, path string) jobs.CreateJob {
	return jobs.CreateJob{
		Name:  name,
		Tasks: []jobs.Task{{TaskKey: "t", NotebookTask: &jobs.NotebookTask{NotebookPath: path}}},
	}
}

func TestLocalJobsAreFoundByName(t *testing.T) {
	ctx, w := workspaceTest(t)
	silver, err := w.Jobs.GetBySettingsName(ctx, "rtstream-silver")
	require.NoError(t, err)
	job, err := w.Jobs.GetByJobId(ctx, silver.JobId)
	require.NoError(t, err)
	assert.Equal(t, "rtstream-silver", job.Settings.Name)
	assert.Len(t, job.Settings.Tasks, 1)
	expanded, err := w.Jobs.ListAll(ctx, jobs.ListJobsRequest{Name: "RTSTREAM-silver", ExpandTasks: true})
	require.NoError(t, err)
	require.Len(t, expanded, 1)
	assert.Equal(t, job.Settings.Tasks[0].NotebookTask.NotebookPath, expanded[0].Settings.Tasks[0].NotebookTask.NotebookPath)
}

func TestLocalJobsComeInPages(t *testing.T) {
	ctx, w := workspaceTest(t)
	made := map[int64]bool{}
	for index := 0; index < 7; index++ {
		created, err := w.Jobs.Create(ctx, notebookJob(RandomName("page-"), "/Shared/x/gold"))
		require.NoError(t, err)
		made[created.JobId] = true
		t.Cleanup(func() { assert.NoError(t, w.Jobs.DeleteByJobId(ctx, created.JobId)) })
	}
	all, err := w.Jobs.ListAll(ctx, jobs.ListJobsRequest{Limit: 3})
	require.NoError(t, err)
	seen := map[int64]bool{}
	for _, one := range all {
		assert.False(t, seen[one.JobId], "listed twice")
		seen[one.JobId] = true
		delete(made, one.JobId)
	}
	assert.Empty(t, made)
}

func TestLocalJobsAreResetUpdatedAndDeleted(t *testing.T) {
	ctx, w := workspaceTest(t)
	created, err := w.Jobs.Create(ctx, notebookJob(RandomName("mine-"), "/Shared/x/gold"))
	require.NoError(t, err)
	require.NoError(t, w.Jobs.Update(ctx, jobs.UpdateJob{
		JobId:       created.JobId,
		NewSettings: &jobs.JobSettings{Tags: map[string]string{"a": "b"}, MaxConcurrentRuns: 2},
	}))
	job, err := w.Jobs.GetByJobId(ctx, created.JobId)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "b"}, job.Settings.Tags)
	assert.Equal(t, 2, job.Settings.MaxConcurrentRuns)
	require.NoError(t, w.Jobs.Reset(ctx, jobs.ResetJob{JobId: created.JobId, NewSettings: jobs.JobSettings{Name: "yours"}}))
	job, err = w.Jobs.GetByJobId(ctx, created.JobId)
	require.NoError(t, err)
	assert.Equal(t, "yours", job.Settings.Name)
	assert.Empty(t, job.Settings.Tags)
	require.NoError(t, w.Jobs.DeleteByJobId(ctx, created.JobId))
	_, err = w.Jobs.GetByJobId(ctx, created.JobId)
	assert.ErrorIs(t, err, apierr.ErrResourceDoesNotExist)
}

// Runs of one job, from the first to the page that has the oldest.
func TestLocalRunsAreStartedListedAndCancelled(t *testing.T) {
	ctx, w := workspaceTest(t)
	job, err := w.Jobs.GetBySettingsName(ctx, "rtstream-silver")
	require.NoError(t, err)
	id := job.JobId
	token := RandomName("once-")
	first, err := w.Jobs.RunNow(ctx, jobs.RunNow{JobId: id, IdempotencyToken: token})
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.Jobs.CancelAllRuns(ctx, jobs.CancelAllRuns{JobId: id}) })
	again, err := w.Jobs.RunNow(ctx, jobs.RunNow{JobId: id, IdempotencyToken: token})
	require.NoError(t, err)
	assert.Equal(t, first.RunId, again.RunId)
	run, err := w.Jobs.GetRun(ctx, jobs.GetRunRequest{RunId: first.RunId, IncludeHistory: true})
	require.NoError(t, err)
	assert.Equal(t, id, run.JobId)

	// The job has one run at a time: those that come meanwhile wait, unless they are not to.
	atOnce := &jobs.QueueSettings{Enabled: false}
	skipped, err := w.Jobs.RunNow(ctx, jobs.RunNow{JobId: id, Queue: atOnce})
	require.NoError(t, err)
	ended, err := w.Jobs.WaitGetRunJobTerminatedOrSkipped(ctx, skipped.RunId, soon, nil)
	require.NoError(t, err)
	assert.Equal(t, jobs.RunLifeCycleStateSkipped, ended.State.LifeCycleState)
	waiting, err := w.Jobs.RunNow(ctx, jobs.RunNow{JobId: id})
	require.NoError(t, err)
	queued, err := w.Jobs.GetRun(ctx, jobs.GetRunRequest{RunId: waiting.RunId})
	require.NoError(t, err)
	assert.Equal(t, jobs.RunLifecycleStateV2StateQueued, queued.Status.State)

	listed, err := w.Jobs.ListRunsAll(ctx, jobs.ListRunsRequest{JobId: id, Limit: 1})
	require.NoError(t, err)
	ids := []int64{}
	for _, one := range listed {
		ids = append(ids, one.RunId)
	}
	assert.Equal(t, []int64{waiting.RunId, skipped.RunId, first.RunId}, ids)

	for _, one := range []int64{first.RunId, waiting.RunId} {
		cancelled, err := w.Jobs.CancelRunAndWait(ctx, jobs.CancelRun{RunId: one}, retries.Timeout[jobs.Run](soon))
		require.NoError(t, err)
		assert.Equal(t, jobs.RunResultStateCanceled, cancelled.State.ResultState)
		assert.Equal(t, jobs.TerminationCodeCodeUserCanceled, cancelled.Status.TerminationDetails.Code)
	}
	active, err := w.Jobs.ListRunsAll(ctx, jobs.ListRunsRequest{JobId: id, ActiveOnly: true})
	require.NoError(t, err)
	assert.Empty(t, active)
	whole, err := w.Jobs.GetRun(ctx, jobs.GetRunRequest{RunId: first.RunId})
	require.NoError(t, err)
	_, err = w.Jobs.GetRunOutput(ctx, jobs.GetRunOutputRequest{RunId: whole.Tasks[0].RunId})
	assert.NoError(t, err)
}

func TestLocalWrongTokenIsRefused(t *testing.T) {
	ctx, w := workspaceTest(t)
	other, err := databricks.NewWorkspaceClient(&databricks.Config{Host: w.Config.Host, Token: "wrong"})
	require.NoError(t, err)
	_, err = other.Jobs.ListAll(ctx, jobs.ListJobsRequest{})
	assert.ErrorIs(t, err, apierr.ErrPermissionDenied)
}
