-- Of the call that created the job (docs/operations/logs.md); '' for jobs from before.
alter table jobs add column trace_id text not null default '';
