#!/bin/bash
# Run once by the PostgreSQL image in a new volume: the database and its owner, a role that is no superuser.
set -euo pipefail
psql -X -q -v ON_ERROR_STOP=1 -U postgres -d postgres -v password="$(cat "${DB_PASSWORD_FILE:-/run/secrets/db_password}")" <<'SQL'
create role tuneward login password :'password';
create database tuneward owner tuneward encoding 'UTF8' locale 'C.UTF-8' template template0;
revoke all on database tuneward from public;
SQL
