-- name: base_model_insert
insert into base_models (id, tree_sha256, parent_id, family, chat_template, context, dims, pool, eval_set, defaults, state)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $10::jsonb, $11)

-- name: base_model_get
select id, tree_sha256, coalesce(parent_id, ''), family, chat_template, context, dims, pool, eval_set, defaults, state,
  tw_micros(created_at)
from base_models where id = $1

-- name: base_model_list
select id, tree_sha256, coalesce(parent_id, ''), family, chat_template, context, dims, pool, eval_set, defaults, state,
  tw_micros(created_at)
from base_models order by id

-- name: policy_head
select p.id, p.version, p.document, p.sha256, p.created_by, tw_micros(p.created_at)
from policy_heads h join policies p on p.id = h.id and p.version = h.version where h.id = $1

-- name: policy_get
select id, version, document, sha256, created_by, tw_micros(created_at) from policies where id = $1 and version = $2

-- name: policy_insert
insert into policies (id, version, document, sha256, created_by)
select $1, coalesce(max(version), 0) + 1, $2::jsonb, $3, $4 from policies where id = $1
returning version

-- name: policy_set_head
insert into policy_heads (id, version) values ($1, $2) on conflict (id) do update set version = excluded.version

-- name: model_insert
insert into models (id, project_id, job_id, base_model_id, root_base_id, tree_sha256, serving, release, sealed)
select $1, p.id, $3, $4, $5, $6, $7::jsonb, 'PENDING', p.sealed from projects p where p.id = $2

-- name: model_get
select id, project_id, job_id, base_model_id, root_base_id, tree_sha256, serving, release, sealed, tw_micros(created_at)
from models where id = $1 and ($2 = '' or project_id = $2) and deleted_at is null

-- name: model_get_by_job
select id, project_id, job_id, base_model_id, root_base_id, tree_sha256, serving, release, sealed, tw_micros(created_at)
from models where job_id = $1 and deleted_at is null

-- name: model_lock
select id, project_id, job_id, base_model_id, root_base_id, tree_sha256, serving, release, sealed, tw_micros(created_at)
from models where id = $1 and ($2 = '' or project_id = $2) and deleted_at is null for no key update

-- name: model_list
select id, project_id, job_id, base_model_id, root_base_id, tree_sha256, serving, release, sealed, tw_micros(created_at)
from models m where project_id = $1 and deleted_at is null
  and ($2 = '' or (created_at, id) < (select created_at, id from models l where l.id = $2 and l.project_id = $1))
order by created_at desc, id desc limit $3

-- name: model_set_release
update models set release = $2 where id = $1 and release = $3 returning id

-- name: model_delete_of_job
update models set deleted_at = clock_timestamp() where job_id = $1 and deleted_at is null

-- name: decision_add
insert into release_decisions (model_id, seq, project_id, verdict, reasons, actor, policy_version, audit_id)
select $1, coalesce((select max(seq) from release_decisions where model_id = $1), 0) + 1, $2, $3, $4::jsonb, $5, $6, $7

-- name: decision_list
select seq, verdict, reasons, actor, policy_version, coalesce(audit_id, ''), tw_micros(at)
from release_decisions where model_id = $1 order by seq

-- name: audit_insert
insert into audits (id, project_id, job_id, model_id, report_sha256, profile, policy_id, policy_version, fingerprint, fence,
  generations_sha256)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, decode($11, 'hex'))

-- name: audit_get
select id, project_id, job_id, model_id, report_sha256, profile, policy_id, policy_version, fingerprint, fence,
  tw_micros(created_at), generations_sha256
from audits where job_id = $1 order by created_at desc limit 1

-- name: base_audit_get
select report_sha256 from base_audits where key_sha256 = $1

-- name: base_audit_put
insert into base_audits (key_sha256, report_sha256) values ($1, $2) on conflict do nothing
