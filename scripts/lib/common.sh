# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is used by the scripts that source it
# What every script needs: where things are, how to speak, how to stop. Sourced, never run.
#
# Variables it sets: ROOT (the clone), CACHE (everything heavy), CARGO_TARGET_DIR, SITE_ROOT.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/grok2api
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
SITE_ROOT=$CARGO_TARGET_DIR/site
mkdir -p "$CACHE"

SCRIPT_STARTED=${SCRIPT_STARTED:-$(date +%s)}
export SCRIPT_STARTED
STEP=0

elapsed() { echo $(($(date +%s) - SCRIPT_STARTED)); }

# step "what happens and why": numbered, with the seconds since the command began.
step() {
    STEP=$((STEP + 1))
    printf '[%4ss] %s %d: %s\n' "$(elapsed)" "${PART:-step}" "$STEP" "$*" >&2
}

say() { printf '[%4ss]   %s\n' "$(elapsed)" "$*" >&2; }

# die "what went wrong" "command to run by hand"
die() {
    printf '\nerror: %s\n' "$1" >&2
    if [ $# -gt 1 ]; then printf 'run by hand, then try again:\n    %s\n' "$2" >&2; fi
    exit 1
}

# one_at_a_time NAME: waits until no other script holds NAME; held until the script ends.
one_at_a_time() {
    if ! have flock; then return; fi
    exec 9>"$CACHE/$1.lock"
    flock -n 9 || { say "waiting for another $1 to end"; flock 9; }
}

have() { command -v "$1" >/dev/null 2>&1; }

# digest_of FILE...: a short name for the content of files.
digest_of() { cat "$@" | sha256sum | cut -c1-12; }

# leptos_env HASHED: what the server must know about the site, at run time; cargo-leptos sets the
# same. HASHED says whether the site has hashed names (true, or false for a development site).
leptos_env() {
    export LEPTOS_OUTPUT_NAME=grok2api
    export LEPTOS_SITE_ROOT=$SITE_ROOT
    export LEPTOS_SITE_PKG_DIR=pkg
    export LEPTOS_HASH_FILES=$1
    export LEPTOS_HASH_FILE_NAME=hash.txt
    unset GROK2API_WASM # for the set-up; the server would take it for a misspelt setting
}

# native_packages: cargo's arguments for everything that runs on this machine. The browser's half
# is apart: in one build cargo would switch on its features for the server too.
native_packages() { echo --workspace --exclude frontend; }
