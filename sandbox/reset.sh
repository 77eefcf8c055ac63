#!/usr/bin/env bash
# Empties the sandbox: all data of `build.sh`, `build.sh -s` and `build.sh -x`, or of SANDBOX_DATA where that is set.
# Asks first; -y does not.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
  echo "reset.sh: $*" >&2
  exit 1
}

case $#:${1:-} in
  0: | 1:-y) ;;
  *) echo 'usage: sandbox/reset.sh [-y]' >&2; exit 2 ;;
esac
settings=${SANDBOX_LOCAL:-$root/sandbox/local.sh}
if [[ -f $settings ]]; then
  # shellcheck source=/dev/null
  source "$settings"
fi
folder=${SANDBOX_DATA:-$root/sandbox/data}

if [[ ! -d $folder ]]; then
  echo "reset.sh: the sandbox is empty ($folder)"
  exit 0
fi
# A folder of another's choice is deleted only where a sandbox has run in it.
[[ -z ${SANDBOX_DATA:-} || -f $folder/parts.json ]] || fail "$folder is not the data of a sandbox"
# What runs there has files of it open.
users=$(find /proc/[0-9]*/fd -lname "$folder/*" -print -quit 2>/dev/null || true) # processes end meanwhile
[[ -z $users ]] || fail "something still uses $folder; stop the sandbox first"

if [[ ${1:-} != -y ]]; then
  read -r -p "Delete $(du -sh "$folder" | cut -f 1) of data in $folder? [y/N] " answer || answer=
  [[ $answer =~ ^[yY](es)?$ ]] || fail 'nothing was deleted'
fi
rm -rf -- "$folder"
echo "reset.sh: the sandbox is empty ($folder)"
