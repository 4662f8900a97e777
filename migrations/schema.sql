-- The schema after all migrations, as pg_dump 15 shows it. Made by `make freeze`; not to be applied.

CREATE DOMAIN public.digest AS bytea
	CONSTRAINT digest_check CHECK ((octet_length(VALUE) = 32));

CREATE FUNCTION public.tw_micros(t timestamp with time zone) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ select (extract(epoch from t) * 1000000)::bigint $$;

CREATE TABLE public.api_keys (
    id text NOT NULL,
    project_id text,
    secret_sha256 public.digest NOT NULL,
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone
);

COMMENT ON COLUMN public.api_keys.project_id IS 'null: an operator''s key';

CREATE TABLE public.audit_log (
    seq bigint NOT NULL,
    prev_hash public.digest NOT NULL,
    hash public.digest NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    resource text NOT NULL,
    detail jsonb NOT NULL
);

CREATE TABLE public.audits (
    id text NOT NULL,
    project_id text NOT NULL,
    job_id text NOT NULL,
    model_id text NOT NULL,
    report_sha256 public.digest NOT NULL,
    profile text NOT NULL,
    policy_id text NOT NULL,
    policy_version bigint NOT NULL,
    fingerprint text NOT NULL,
    fence bigint NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    generations_sha256 public.digest
);

CREATE TABLE public.base_audits (
    key_sha256 public.digest NOT NULL,
    report_sha256 public.digest NOT NULL
);

CREATE TABLE public.base_models (
    id text NOT NULL,
    tree_sha256 public.digest NOT NULL,
    parent_id text,
    family text NOT NULL,
    chat_template text NOT NULL,
    context bigint NOT NULL,
    dims jsonb NOT NULL,
    pool text NOT NULL,
    eval_set text NOT NULL,
    defaults jsonb NOT NULL,
    state text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT base_models_context_check CHECK ((context > 0))
);

CREATE TABLE public.blobs (
    sha256 public.digest NOT NULL,
    bytes bigint NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT blobs_bytes_check CHECK ((bytes >= 0))
);

CREATE TABLE public.checkpoints (
    job_id text NOT NULL,
    step bigint NOT NULL,
    project_id text NOT NULL,
    tree_sha256 public.digest NOT NULL,
    fence bigint NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.files (
    id text NOT NULL,
    project_id text NOT NULL,
    filename text NOT NULL,
    purpose text NOT NULL,
    sha256 public.digest NOT NULL,
    bytes bigint NOT NULL,
    rows bigint NOT NULL,
    state text NOT NULL,
    problems jsonb,
    profile jsonb,
    profile_version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT files_state_check CHECK ((state = ANY (ARRAY['processed'::text, 'error'::text, 'deleted'::text])))
);

CREATE TABLE public.idempotency (
    scope text NOT NULL,
    method text NOT NULL,
    request_id text NOT NULL,
    body_sha256 public.digest NOT NULL,
    resource text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.job_events (
    job_id text NOT NULL,
    seq bigint NOT NULL,
    project_id text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    level text NOT NULL,
    type text NOT NULL,
    message text NOT NULL,
    data jsonb NOT NULL,
    CONSTRAINT job_events_level_check CHECK ((level = ANY (ARRAY['info'::text, 'warn'::text, 'error'::text])))
);

CREATE TABLE public.job_metrics (
    job_id text NOT NULL,
    step bigint NOT NULL,
    project_id text NOT NULL,
    data jsonb NOT NULL
);

CREATE TABLE public.jobs (
    id text NOT NULL,
    project_id text NOT NULL,
    state text NOT NULL,
    stage text NOT NULL,
    spec jsonb NOT NULL,
    resolved jsonb NOT NULL,
    base_model_id text NOT NULL,
    policy_id text NOT NULL,
    policy_version bigint NOT NULL,
    seed bigint NOT NULL,
    engine_mode text NOT NULL,
    plan_sha256 public.digest,
    error jsonb,
    cancel_requested boolean DEFAULT false NOT NULL,
    pause_requested boolean DEFAULT false NOT NULL,
    event_seq bigint DEFAULT 0 NOT NULL,
    trained_tokens bigint DEFAULT 0 NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    etag text GENERATED ALWAYS AS (('e'::text || event_seq)) STORED NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    trace_id text DEFAULT ''::text NOT NULL,
    CONSTRAINT jobs_check CHECK (((state = ANY (ARRAY['SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text])) = (finished_at IS NOT NULL))),
    CONSTRAINT jobs_check1 CHECK (((state = 'FAILED'::text) = (error IS NOT NULL))),
    CONSTRAINT jobs_seed_check CHECK (((seed >= 0) AND (seed <= 2147483647))),
    CONSTRAINT jobs_stage_check CHECK ((stage = ANY (ARRAY['VALIDATING'::text, 'SCREENING'::text, 'PLANNING'::text, 'QUEUED'::text, 'PREPARING'::text, 'TRAINING'::text, 'AUDITING'::text, 'PUBLISHING'::text]))),
    CONSTRAINT jobs_state_check CHECK ((state = ANY (ARRAY['VALIDATING_FILES'::text, 'QUEUED'::text, 'RUNNING'::text, 'PAUSED'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text])))
);

CREATE TABLE public.models (
    id text NOT NULL,
    project_id text NOT NULL,
    job_id text NOT NULL,
    base_model_id text NOT NULL,
    root_base_id text NOT NULL,
    tree_sha256 public.digest NOT NULL,
    serving jsonb NOT NULL,
    release text NOT NULL,
    sealed boolean NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT models_check CHECK ((NOT (sealed AND (release = 'RELEASED'::text)))),
    CONSTRAINT models_release_check CHECK ((release = ANY (ARRAY['PENDING'::text, 'RELEASED'::text, 'HELD'::text, 'BLOCKED'::text])))
);

CREATE TABLE public.plans (
    job_id text NOT NULL,
    project_id text NOT NULL,
    plan_sha256 public.digest NOT NULL,
    summary jsonb NOT NULL
);

CREATE TABLE public.policies (
    id text NOT NULL,
    version bigint NOT NULL,
    document jsonb NOT NULL,
    sha256 public.digest NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT policies_version_check CHECK ((version > 0))
);

CREATE TABLE public.policy_heads (
    id text NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE public.projects (
    id text NOT NULL,
    display_name text NOT NULL,
    policy_id text NOT NULL,
    sealed boolean DEFAULT false NOT NULL,
    etag text DEFAULT '1'::text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    deleted_at timestamp with time zone
);

CREATE TABLE public.release_decisions (
    model_id text NOT NULL,
    seq bigint NOT NULL,
    project_id text NOT NULL,
    verdict text NOT NULL,
    reasons jsonb NOT NULL,
    actor text NOT NULL,
    policy_version bigint NOT NULL,
    audit_id text,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT release_decisions_verdict_check CHECK ((verdict = ANY (ARRAY['RELEASED'::text, 'HELD'::text, 'BLOCKED'::text])))
);

CREATE TABLE public.schema_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    min_binary integer NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE SEQUENCE public.task_fence
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.tasks (
    id text NOT NULL,
    project_id text,
    job_id text,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    fence bigint DEFAULT 0 NOT NULL,
    worker_id text,
    lease_until timestamp with time zone,
    deaths integer DEFAULT 0 NOT NULL,
    interruptions integer DEFAULT 0 NOT NULL,
    sched_key numeric DEFAULT 0 NOT NULL,
    run_after timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    progress jsonb,
    error jsonb,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    CONSTRAINT tasks_kind_check CHECK ((kind = ANY (ARRAY['plan'::text, 'train'::text, 'audit'::text, 'paraphrase'::text, 'align'::text, 'evaluate'::text]))),
    CONSTRAINT tasks_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.workers (
    id text NOT NULL,
    host text NOT NULL,
    address text NOT NULL,
    roles text[] NOT NULL,
    bases text[] NOT NULL,
    device jsonb NOT NULL,
    build text NOT NULL,
    state text NOT NULL,
    last_seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_secret_sha256_key UNIQUE (secret_sha256);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.base_audits
    ADD CONSTRAINT base_audits_pkey PRIMARY KEY (key_sha256);

ALTER TABLE ONLY public.base_models
    ADD CONSTRAINT base_models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.blobs
    ADD CONSTRAINT blobs_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (job_id, step);

ALTER TABLE ONLY public.files
    ADD CONSTRAINT files_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (scope, method, request_id);

ALTER TABLE ONLY public.job_events
    ADD CONSTRAINT job_events_pkey PRIMARY KEY (job_id, seq);

ALTER TABLE ONLY public.job_metrics
    ADD CONSTRAINT job_metrics_pkey PRIMARY KEY (job_id, step);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_job_id_key UNIQUE (job_id);

ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (job_id);

ALTER TABLE ONLY public.policies
    ADD CONSTRAINT policies_pkey PRIMARY KEY (id, version);

ALTER TABLE ONLY public.policy_heads
    ADD CONSTRAINT policy_heads_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.release_decisions
    ADD CONSTRAINT release_decisions_pkey PRIMARY KEY (model_id, seq);

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.workers
    ADD CONSTRAINT workers_pkey PRIMARY KEY (id);

CREATE INDEX audits_by_job ON public.audits USING btree (job_id);

CREATE INDEX files_by_blob ON public.files USING btree (sha256);

CREATE INDEX files_by_project ON public.files USING btree (project_id, id);

CREATE INDEX jobs_by_project ON public.jobs USING btree (project_id, id);

CREATE INDEX jobs_by_state ON public.jobs USING btree (state);

CREATE INDEX models_by_project ON public.models USING btree (project_id, created_at, id);

CREATE INDEX plans_by_blob ON public.plans USING btree (plan_sha256);

CREATE INDEX tasks_by_job ON public.tasks USING btree (job_id, created_at);

CREATE UNIQUE INDEX tasks_one_open ON public.tasks USING btree (job_id) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX tasks_ready ON public.tasks USING btree (sched_key, id) WHERE (state = 'queued'::text);

CREATE INDEX tasks_running ON public.tasks USING btree (id) WHERE (state = 'running'::text);

ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT api_keys_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_generations_sha256_fkey FOREIGN KEY (generations_sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id);

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.models(id);

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.audits
    ADD CONSTRAINT audits_report_sha256_fkey FOREIGN KEY (report_sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.base_audits
    ADD CONSTRAINT base_audits_report_sha256_fkey FOREIGN KEY (report_sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.base_models
    ADD CONSTRAINT base_models_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.base_models(id);

ALTER TABLE ONLY public.base_models
    ADD CONSTRAINT base_models_tree_sha256_fkey FOREIGN KEY (tree_sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id);

ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_tree_sha256_fkey FOREIGN KEY (tree_sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.files
    ADD CONSTRAINT files_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.files
    ADD CONSTRAINT files_sha256_fkey FOREIGN KEY (sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.job_events
    ADD CONSTRAINT job_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id);

ALTER TABLE ONLY public.job_metrics
    ADD CONSTRAINT job_metrics_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_base_model_id_fkey FOREIGN KEY (base_model_id) REFERENCES public.base_models(id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_plan_sha256_fkey FOREIGN KEY (plan_sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_policy_id_policy_version_fkey FOREIGN KEY (policy_id, policy_version) REFERENCES public.policies(id, version);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_base_model_id_fkey FOREIGN KEY (base_model_id) REFERENCES public.base_models(id);

ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id);

ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);

ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_root_base_id_fkey FOREIGN KEY (root_base_id) REFERENCES public.base_models(id);

ALTER TABLE ONLY public.models
    ADD CONSTRAINT models_tree_sha256_fkey FOREIGN KEY (tree_sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id);

ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_plan_sha256_fkey FOREIGN KEY (plan_sha256) REFERENCES public.blobs(sha256);

ALTER TABLE ONLY public.policy_heads
    ADD CONSTRAINT policy_heads_id_version_fkey FOREIGN KEY (id, version) REFERENCES public.policies(id, version);

ALTER TABLE ONLY public.release_decisions
    ADD CONSTRAINT release_decisions_audit_id_fkey FOREIGN KEY (audit_id) REFERENCES public.audits(id);

ALTER TABLE ONLY public.release_decisions
    ADD CONSTRAINT release_decisions_model_id_fkey FOREIGN KEY (model_id) REFERENCES public.models(id);

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.jobs(id);

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
