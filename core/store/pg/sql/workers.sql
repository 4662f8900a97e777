-- name: worker_register
insert into workers (id, host, address, roles, bases, device, build, state)
values ($1, $2, $3, $4::text[], $5::text[], $6::jsonb, $7, $8)
on conflict (id) do update set host = excluded.host, address = excluded.address, roles = excluded.roles,
  bases = excluded.bases, device = excluded.device, build = excluded.build, state = excluded.state,
  last_seen_at = clock_timestamp()

-- name: worker_forget
-- Those that died without leaving; ids are new at every start.
delete from workers where last_seen_at < clock_timestamp() - interval '1 day'

-- name: worker_touch
update workers set last_seen_at = clock_timestamp(), state = $2 where id = $1 returning id

-- name: worker_remove
delete from workers where id = $1

-- name: worker_list
select id, host, address, array_to_json(roles), array_to_json(bases), device, build, state, tw_micros(last_seen_at)
from workers where last_seen_at > clock_timestamp() - make_interval(secs => $1::double precision) order by id

-- name: worker_find
select id, host, address, array_to_json(roles), array_to_json(bases), device, build, state, tw_micros(last_seen_at)
from workers
where last_seen_at > clock_timestamp() - make_interval(secs => $2::double precision) and state = 'ready'
  and 'serve' = any (roles) and $1 = any (bases)
order by last_seen_at desc
