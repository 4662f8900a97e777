-- Figures of the whole installation, for /metrics.

-- name: gauge_jobs
select state, count(*) from jobs group by state

-- name: gauge_open_tasks
select kind, state, count(*) from tasks where state in ('queued', 'running') group by kind, state

-- name: gauge_oldest_ready
select coalesce(extract(epoch from max(clock_timestamp() - greatest(created_at, run_after))), 0)::double precision
from tasks where state = 'queued' and run_after <= clock_timestamp()

-- name: gauge_models
select release, count(*) from models where deleted_at is null group by release

-- name: gauge_workers
-- $1 seconds of silence after which a worker is gone
select state, count(*) from workers
where last_seen_at > clock_timestamp() - make_interval(secs => $1::double precision) group by state

-- name: gauge_blob_bytes
select coalesce(sum(bytes), 0)::bigint from blobs
