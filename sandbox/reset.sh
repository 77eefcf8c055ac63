#!/usr/bin/env bash
# Empties the sandbox: all data of `build.sh`, `build.sh -s` and `build.sh -x`. Asks first; -y does not.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

if [[ -f $root/sandbox/local.sh ]]; then
  set -a # what it sets is for the programs too
  # shellcheck source=/dev/null
  source "$root/sandbox/local.sh"
  set +a
fi
folders=("$root/sandbox/data")
# A folder of another's choice is deleted only where a sandbox has run in it.
if [[ -n ${SANDBOX_DATA:-} && -f $SANDBOX_DATA/parts.json ]]; then folders+=("$SANDBOX_DATA"); fi

case ${1:-} in
  '' | -y) ;;
  *) echo 'usage: sandbox/reset.sh [-y]' >&2; exit 2 ;;
esac

found=()
for folder in "${folders[@]}"; do [[ ! -d $folder ]] || found+=("$folder"); done
if (( ${#found[@]} == 0 )); then
  echo 'reset.sh: the sandbox is empty'
  exit 0
fi

# A process that uses a folder stands in it, or has one of its files open.
for folder in "${found[@]}"; do
  if find /proc/[0-9]*/fd -lname "$folder/*" -print -quit 2>/dev/null | grep -q .; then
    echo "reset.sh: something still uses $folder; stop the sandbox first" >&2
    exit 1
  fi
done

if [[ ${1:-} != -y ]]; then
  read -r -p "Delete $(du -shc "${found[@]}" | tail -n 1 | cut -f 1) of data in ${found[*]}? [y/N] " answer || answer=
  [[ $answer =~ ^[yY](es)?$ ]] || { echo 'reset.sh: nothing was deleted'; exit 1; }
fi
rm -rf -- "${found[@]}"
echo 'reset.sh: the sandbox is empty'
