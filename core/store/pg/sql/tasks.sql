-- name: task_insert
insert into tasks (id, project_id, job_id, kind, payload) values ($1, $2, $3, $4, $5::jsonb)

-- name: task_claim
-- $1 worker, $2 kinds, $3 ttl seconds
with picked as materialized (
  select id from tasks where state = 'queued' and kind = any ($2::text[]) and run_after <= clock_timestamp()
  order by sched_key, id limit 1 for update skip locked)
update tasks t set state = 'running', worker_id = $1, fence = nextval('task_fence'),
  started_at = coalesce(started_at, clock_timestamp()),
  lease_until = clock_timestamp() + make_interval(secs => $3::double precision)
from picked where t.id = picked.id
returning t.id, t.job_id, t.kind, t.payload, t.fence, t.deaths, t.interruptions, t.project_id

-- name: task_claim_beside
-- $1 worker, $2 a task that it holds, $3 ttl seconds, $4 at most so many: queued tasks of that kind whose jobs have the same base, when
-- all of them are in shared mode. A task that has lost a worker runs alone: if it is what kills them, it must not take others along.
with held as (
  select t.kind, j.base_model_id from tasks t join jobs j on j.id = t.job_id
  where t.id = $2 and t.worker_id = $1 and t.state = 'running' and t.deaths = 0 and j.engine_mode = 'shared'),
picked as materialized (
  select t.id from tasks t join jobs j on j.id = t.job_id join held on held.kind = t.kind and held.base_model_id = j.base_model_id
  where t.state = 'queued' and t.run_after <= clock_timestamp() and t.deaths = 0 and j.engine_mode = 'shared'
  order by t.sched_key, t.id limit $4 for update of t skip locked)
update tasks t set state = 'running', worker_id = $1, fence = nextval('task_fence'),
  started_at = coalesce(started_at, clock_timestamp()),
  lease_until = clock_timestamp() + make_interval(secs => $3::double precision)
from picked where t.id = picked.id
returning t.id, t.job_id, t.kind, t.payload, t.fence, t.deaths, t.interruptions, t.project_id

-- name: task_claimed_beside
-- $1 worker, $2 the task that it knows of, $3 ttl seconds; after a lost COMMIT reply: what else this worker holds, with new leases
update tasks set lease_until = clock_timestamp() + make_interval(secs => $3::double precision)
where state = 'running' and worker_id = $1 and id <> $2
returning id, job_id, kind, payload, fence, deaths, interruptions, project_id

-- name: task_claimed
-- $1 worker, $2 kinds, $3 ttl seconds; after a lost COMMIT reply: the task that this worker holds, with a new lease
update tasks set lease_until = clock_timestamp() + make_interval(secs => $3::double precision)
where id = (select id from tasks where state = 'running' and worker_id = $1 and kind = any ($2::text[])
            order by fence desc limit 1)
  and state = 'running' and worker_id = $1
returning id, job_id, kind, payload, fence, deaths, interruptions, project_id

-- name: task_heartbeat
-- $1 id, $2 fence, $3 ttl seconds, $4 progress; no row: lost, stop
update tasks t set lease_until = clock_timestamp() + make_interval(secs => $3::double precision), progress = $4::jsonb
where id = $1 and fence = $2 and state = 'running'
returning coalesce((select cancel_requested from jobs j where j.id = t.job_id), false),
          coalesce((select pause_requested from jobs j where j.id = t.job_id), false)

-- name: task_fence
-- First statement of every transaction that writes for a task; no row: LEASE_LOST. The lock makes the sweep pass the row over.
select job_id, kind from tasks where id = $1 and fence = $2 and state = 'running' for no key update

-- name: task_finish
-- $3 succeeded, failed or cancelled; worker_id stays, so the holder can tell its own end from a sweep's
update tasks set state = $3, finished_at = clock_timestamp(), lease_until = null, error = $4::jsonb
where id = $1 and fence = $2 and state = 'running'

-- name: task_sweep
-- $1 seconds after PostgreSQL's start in which holders may still come back
with dead as materialized (
  select id from tasks where state = 'running' and lease_until < clock_timestamp()
    and pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => $1::double precision)
  limit 100 for update skip locked)
update tasks t set state = case when deaths + 1 >= 3 then 'failed' else 'queued' end, deaths = deaths + 1,
  worker_id = null, lease_until = null,
  finished_at = case when deaths + 1 >= 3 then clock_timestamp() end,
  run_after = clock_timestamp() + make_interval(secs => least(60, power(2, deaths)))
from dead where t.id = dead.id
returning t.id, t.job_id, t.kind, t.state, t.deaths

-- name: task_drain
update tasks set state = 'queued', interruptions = interruptions + 1, worker_id = null, lease_until = null,
  run_after = clock_timestamp()
where id = $1 and fence = $2 and state = 'running'
returning job_id

-- name: task_settle
-- After a lost COMMIT reply: did this holder end the task?
select state from tasks where id = $1 and fence = $2 and worker_id is not null and state <> 'running'

-- name: task_open_lock
select id from tasks where job_id = $1 and state in ('queued', 'running') order by id for no key update

-- name: task_cancel_open
update tasks set state = 'cancelled', worker_id = null, lease_until = null, finished_at = clock_timestamp()
where job_id = $1 and state in ('queued', 'running')

-- name: task_get
select id, coalesce(project_id, ''), coalesce(job_id, ''), kind, payload, state, fence, coalesce(worker_id, ''), deaths,
  interruptions, progress, tw_micros(created_at), tw_micros(lease_until), tw_micros(started_at), tw_micros(finished_at)
from tasks where id = $1
