#!/usr/bin/env bash
# Makes what docker-compose.yml reads before its first start: secrets as files and the settings of the images. Run it once in
# the clone; a second run keeps what is there.
#
#   deploy/compose/init.sh [--host NAME] [--folder DIR]
#
#   --host NAME    the name by which clients call this machine, for the certificate (default: localhost)
#   --folder DIR   where .env, secrets/ and keys/ go (default: the clone, where docker-compose.yml looks for them)
#
# The certificate signs itself and is for a first try: replace secrets/tls_certificate and secrets/tls_key by your own.
# The first operator key is not made here: tuneward-migrate writes it to keys/operator.key when it makes the database.
set -euo pipefail
umask 077

die() { printf 'init.sh: %s\n' "$*" >&2; exit 1; }

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
host=localhost
folder=
while [ $# -gt 0 ]; do
  case $1 in
    --host) host=${2:?--host needs a name}; shift 2 ;;
    --folder) folder=${2:?--folder needs a folder}; shift 2 ;;
    *) die "unknown argument '$1': --host and --folder are known" ;;
  esac
done
[[ $host =~ ^[A-Za-z0-9.-]+$ ]] || die "--host must be a name or an IPv4 address, got '$host'"
env_file=${folder:-$ROOT}/.env
secrets=${folder:-$ROOT/deploy/compose}/secrets
keys=${folder:-$ROOT/deploy/compose}/keys
command -v openssl >/dev/null || die "openssl is missing (Debian: apt-get install openssl)"
mkdir -p "$secrets" "$keys"

# Containers run as this user, because a secret file must be its owner's alone. Root gives the files to a user without a name.
if [ ! -e "$env_file" ]; then
  if [ "$(id -u)" = 0 ]; then uid=10001 gid=10001; else uid=$(id -u) gid=$(id -g); fi
  cat >"$env_file" <<ENV
# Read by docker-compose. Made by deploy/compose/init.sh; yours to change.
TUNEWARD_UID=$uid
TUNEWARD_GID=$gid
# Where the proxy listens on this machine. 0.0.0.0: everywhere, once the certificate is a real one.
TUNEWARD_BIND=127.0.0.1
TUNEWARD_PORT=8443
# The address that browsers use for Grafana.
TUNEWARD_URL=https://$host:8443
ENV
fi
uid=$(sed -n 's/^TUNEWARD_UID=//p' "$env_file")
gid=$(sed -n 's/^TUNEWARD_GID=//p' "$env_file")

random_hex() { openssl rand -hex 32; }

# new <name> <mode> <command...>: the secret's file, written at once or not at all.
new() {
  local path=$secrets/$1 mode=$2
  shift 2
  [ ! -s "$path" ] || return 0
  "$@" >"$path.new"
  chmod "$mode" "$path.new"
  mv "$path.new" "$path"
}

dsn() { printf 'host=postgres port=5432 dbname=tuneward user=tuneward password=%s\n' "$(cat "$secrets/db_password")"; }

make_certificate() {
  [ ! -s "$secrets/tls_key" ] || return 0
  local name=DNS:$host
  [[ ! $host =~ ^[0-9.]+$ ]] || name=IP:$host
  openssl req -x509 -newkey rsa:2048 -sha256 -days 90 -nodes -subj "/CN=$host" \
    -addext "subjectAltName=$name,DNS:localhost,IP:127.0.0.1" -addext "basicConstraints=critical,CA:TRUE" \
    -keyout "$secrets/tls_key.new" -out "$secrets/tls_certificate" 2>/dev/null || die "openssl could not make a certificate"
  chmod 0644 "$secrets/tls_key.new" "$secrets/tls_certificate"
  mv "$secrets/tls_key.new" "$secrets/tls_key"
}

# Ours are 0600: server and worker refuse a secret that others can read. Those of other images are read by users of theirs;
# the folder (0700) keeps this machine's users out, and a container sees only the files that are given to it.
new db_superuser_password 0644 random_hex
new db_password 0644 random_hex
new grafana_password 0644 random_hex
new worker_secret 0600 random_hex
new dsn 0600 dsn
make_certificate
if [ "$(id -u)" = 0 ]; then
  chown "$uid:$gid" "$secrets/dsn" "$secrets/worker_secret" "$keys"
fi
printf 'init.sh: secrets are in %s, the first operator key will be in %s\n' "$secrets" "$keys"
