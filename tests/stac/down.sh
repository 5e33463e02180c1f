#!/usr/bin/env bash
# End the servers that tests/stac/up.sh started. What they hold stays, for the next start.
#
# usage: tests/stac/down.sh [FOLDER]
set -euo pipefail
folder=${1:-${TMPDIR:-/tmp}/landscribe-stac}
for name in api nginx; do
  file=$folder/run/$name.pid
  [ -s "$file" ] || continue
  pid=$(cat "$file")
  kill "$pid" 2> /dev/null || true
  for _ in $(seq 50); do kill -0 "$pid" 2> /dev/null || break; sleep 0.1; done
  rm -f "$file"
done
if [ -s "$folder/postgres/PG_VERSION" ]; then
  stop=(/usr/lib/postgresql/15/bin/pg_ctl -D "$folder/postgres" -m fast stop)
  [ "$(id -u)" != 0 ] || stop=(setpriv --reuid=postgres --regid=postgres --clear-groups "${stop[@]}")
  "${stop[@]}" > /dev/null 2>&1 || true
fi
echo "Down; to forget what was loaded: rm -rf $folder"
