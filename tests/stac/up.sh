#!/usr/bin/env bash
# Bring up a real STAC API and a file server on this machine, all in one folder; may be run again.
#
# usage: tests/stac/up.sh [FOLDER]        (default: landscribe-stac in the temporary folder)
#
# PostgreSQL 15 with PostGIS and pgstac behind stac-fastapi on $API_PORT; nginx, which serves
# FOLDER/files with range requests, on $FILES_PORT. Debian packages are installed where they are
# missing (as root), Python's go into FOLDER/venv. tests/stac/down.sh ends all of it.
set -euo pipefail
folder=${1:-${TMPDIR:-/tmp}/landscribe-stac}
api_port=${API_PORT:-18391} files_port=${FILES_PORT:-18392} pg_port=${PG_PORT:-18393}
python=${PYTHON:-python3.11}
pg_bin=/usr/lib/postgresql/15/bin
mkdir -p "$folder/files" "$folder/run" "$folder/log"

as_postgres() {  # PostgreSQL refuses to run as root
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  else
    "$@"
  fi
}

install_packages() {
  local missing=() package
  for package in postgresql-15 postgresql-15-postgis-3 nginx-light; do
    dpkg -s "$package" > /dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return 0
  echo "Installing ${missing[*]}"
  local policy=/usr/sbin/policy-rc.d  # keeps the packages from starting servers of their own
  [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod +x "$policy"; trap "rm -f $policy" EXIT; }
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y \
    --no-install-recommends "${missing[@]}" < /dev/null > /dev/null
}

install_python() {
  local servers=(stac-fastapi-pgstac==7.2.0 "pypgstac[psycopg]==0.10.0" uvicorn h5py rustac==0.9.18
    "moto[server]==5.2.5")
  [ "$(cat "$folder/venv/ready" 2> /dev/null)" = "${servers[*]}" ] && return 0
  echo "Installing stac-fastapi-pgstac into $folder/venv"
  "$python" -m venv "$folder/venv"
  "$folder/venv/bin/pip" install --disable-pip-version-check --quiet "${servers[@]}"
  "$folder/venv/bin/pip" install --disable-pip-version-check --quiet --no-deps nrt==0.2.0  # scenes
  echo "${servers[*]}" > "$folder/venv/ready"
}

start_postgres() {
  if [ ! -s "$folder/postgres/PG_VERSION" ]; then
    mkdir -p "$folder/postgres" "$folder/run/postgres"
    [ "$(id -u)" != 0 ] || chown postgres: "$folder/postgres" "$folder/run/postgres"
    as_postgres "$pg_bin/initdb" -D "$folder/postgres" -A trust -U postgres --no-sync > /dev/null
  fi
  as_postgres "$pg_bin/pg_ctl" -D "$folder/postgres" status > /dev/null || as_postgres \
    "$pg_bin/pg_ctl" -D "$folder/postgres" -l "$folder/run/postgres/log" -w start > /dev/null -o \
    "-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder/run/postgres -c fsync=off"
  psql -qtA -d postgres -c "select 1 from pg_database where datname = 'stac'" | grep -q 1 ||
    createdb stac
  "$folder/venv/bin/pypgstac" migrate > /dev/null
  psql -q -c "insert into pgstac.pgstac_settings values ('context', 'on')
    on conflict (name) do update set value = 'on'"  # searches tell how many items match
}

start_nginx() {
  cat > "$folder/nginx.conf" << CONF
user $(id -un);
worker_processes 1;
pid $folder/run/nginx.pid;
error_log $folder/log/nginx.error.log;
events {}
http {
  access_log $folder/log/nginx.access.log;
  client_body_temp_path $folder/run/body; proxy_temp_path $folder/run/proxy;
  fastcgi_temp_path $folder/run/fastcgi; uwsgi_temp_path $folder/run/uwsgi;
  scgi_temp_path $folder/run/scgi;
  server { listen 127.0.0.1:$files_port; root $folder/files; }
}
CONF
  running "$folder/run/nginx.pid" || nginx -c "$folder/nginx.conf"
}

start_api() {
  running "$folder/run/api.pid" && return 0
  ENABLED_EXTENSIONS=query,sort,fields,filter,pagination,free_text \
    nohup "$folder/venv/bin/uvicorn" --factory stac_fastapi.pgstac.app:create_app \
    --host 127.0.0.1 --port "$api_port" > "$folder/log/api.log" 2>&1 < /dev/null &
  echo $! > "$folder/run/api.pid"
}

running() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2> /dev/null; }

wait_for() {
  for _ in $(seq 150); do
    "$python" -c "import sys, urllib.request as r; r.urlopen(sys.argv[1], timeout=5)" "$1" \
      2> /dev/null && return 0
    sleep 0.2
  done
  echo "error: no answer at $1; see $folder/log" >&2
  exit 1
}

export PGHOST=127.0.0.1 PGPORT=$pg_port PGUSER=postgres PGDATABASE=stac PGPASSWORD=unused
install_packages
install_python
start_postgres
start_nginx
start_api
wait_for "http://127.0.0.1:$api_port/"
cat > "$folder/addresses" << ADDRESSES
export LANDSCRIBE_STAC=$folder
export LANDSCRIBE_STAC_API=http://127.0.0.1:$api_port
export LANDSCRIBE_STAC_FILES=http://127.0.0.1:$files_port
export PGHOST=$PGHOST PGPORT=$PGPORT PGUSER=$PGUSER PGDATABASE=$PGDATABASE PGPASSWORD=$PGPASSWORD
ADDRESSES
echo "STAC API at http://127.0.0.1:$api_port, files at http://127.0.0.1:$files_port"
