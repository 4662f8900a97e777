-- name: job_insert
insert into jobs (id, project_id, state, stage, spec, resolved, base_model_id, policy_id, policy_version, seed,
                  engine_mode, metadata, trace_id)
values ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $10, $11, $12::jsonb, $13)

-- name: job_get
-- $1 id, $2 project or '' for any
select j.id, j.project_id, j.state, j.stage, j.spec, j.resolved, j.base_model_id, j.policy_id, j.policy_version, j.seed,
  j.engine_mode, j.plan_sha256, j.error, j.cancel_requested, j.event_seq, j.trained_tokens, j.metadata, j.etag,
  tw_micros(j.created_at), tw_micros(j.finished_at),
  coalesce((select m.id from models m where m.job_id = j.id and m.deleted_at is null), ''),
  (select t.progress from tasks t where t.job_id = j.id and t.kind = 'train' order by t.created_at desc limit 1),
  (select t.progress from tasks t where t.job_id = j.id and t.state in ('queued', 'running')), j.trace_id
from jobs j where j.id = $1 and ($2 = '' or j.project_id = $2)

-- name: job_list
-- $1 project, $2 id of the last row or '', $3 limit
select j.id, j.project_id, j.state, j.stage, j.spec, j.resolved, j.base_model_id, j.policy_id, j.policy_version, j.seed,
  j.engine_mode, j.plan_sha256, j.error, j.cancel_requested, j.event_seq, j.trained_tokens, j.metadata, j.etag,
  tw_micros(j.created_at), tw_micros(j.finished_at),
  coalesce((select m.id from models m where m.job_id = j.id and m.deleted_at is null), ''),
  (select t.progress from tasks t where t.job_id = j.id and t.kind = 'train' order by t.created_at desc limit 1),
  (select t.progress from tasks t where t.job_id = j.id and t.state in ('queued', 'running')), j.trace_id
from jobs j where j.project_id = $1 and ($2 = '' or j.id < $2) order by j.id desc limit $3

-- name: job_lock
select id, project_id, state, stage, cancel_requested, trace_id from jobs where id = $1 for no key update

-- name: job_move
-- $1 id, $2 state, $3 stage, $4 error or null, $5 state before, $6 stage before
update jobs set state = $2, stage = $3, error = $4::jsonb,
  finished_at = case when $2 in ('SUCCEEDED', 'FAILED', 'CANCELLED') then clock_timestamp() end
where id = $1 and state = $5 and stage = $6
returning id

-- name: job_request_cancel
update jobs set cancel_requested = true where id = $1 and state = 'RUNNING'

-- name: job_set_plan
update jobs set plan_sha256 = $2 where id = $1

-- name: job_set_tokens
update jobs set trained_tokens = $2 where id = $1

-- name: job_notify
select pg_notify('tuneward_jobs', $1)

-- name: event_add
with j as (update jobs set event_seq = event_seq + 1 where id = $1 returning event_seq, project_id)
insert into job_events (job_id, seq, project_id, level, type, message, data)
select $1, j.event_seq, j.project_id, $2, $3, $4, $5::jsonb from j

-- name: event_list
select job_id, seq, tw_micros(at), level, type, message, data
from job_events where job_id = $1 and seq > $2 order by seq limit $3

-- name: metric_add
insert into job_metrics (job_id, step, project_id, data) values ($1, $2, $3, $4::jsonb) on conflict do nothing
returning step

-- name: metric_list
select step, data from job_metrics where job_id = $1 and step > $2 order by step limit $3

-- name: plan_insert
insert into plans (job_id, project_id, plan_sha256, summary) values ($1, $2, $3, $4::jsonb)

-- name: plan_get
select job_id, plan_sha256, summary from plans where job_id = $1

-- name: checkpoint_insert
-- A step that was stored already (a resumed job repeats it bit for bit) points to the newer tree.
insert into checkpoints (job_id, step, project_id, tree_sha256, fence) values ($1, $2, $3, $4, $5)
on conflict (job_id, step) do update set tree_sha256 = excluded.tree_sha256, fence = excluded.fence

-- name: checkpoint_trim
delete from checkpoints where job_id = $1
  and step not in (select step from checkpoints where job_id = $1 order by step desc limit 2)

-- name: checkpoint_list
select job_id, step, tree_sha256, fence, tw_micros(created_at) from checkpoints where job_id = $1 order by step desc

-- name: idempotency_claim
insert into idempotency (scope, method, request_id, body_sha256, resource) values ($1, $2, $3, $4, $5)
on conflict do nothing returning resource

-- name: idempotency_get
select body_sha256, resource from idempotency where scope = $1 and method = $2 and request_id = $3
