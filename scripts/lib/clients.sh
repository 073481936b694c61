# shellcheck shell=bash
# The clients that prove the product from outside: Chromium, the official openai packages.
# Needs common.sh, packages.sh and wasm.sh (install_npm).

setup_clients() {
    setup_chromium
    setup_node_clients
    setup_python_clients
}

setup_chromium() {
    if have chromium || have google-chrome || [ -n "${GROK2API_CHROMIUM:-}" ]; then return; fi
    step "install Chromium (the pages are tested in a real browser)"
    need_packages chromium fonts-liberation fonts-wqy-microhei
}

# Every folder under end2end that has a lock file gets its packages: they live in the cache and
# appear as a link, because ES modules are looked for beside the importing file only.
setup_node_clients() {
    local lock folder home
    for lock in "$ROOT"/end2end/package-lock.json "$ROOT"/end2end/*/package-lock.json \
        "$ROOT"/end2end/*/*/package-lock.json; do
        [ -e "$lock" ] || continue
        folder=$(dirname "$lock")
        home=$CACHE/npm/end2end-$(digest_of "$lock")
        install_npm "$folder" "$home" "the test clients of ${folder#"$ROOT"/}"
        ln -sfn "$home/node_modules" "$folder/node_modules"
    done
}

# Python packages: lists that say nothing go into one environment. A list with the line
# "# environment: own" gets one for itself, which appears as the link .venv beside it: for packages
# that cannot live with the others (they ask for older ones), and for programs, as their users
# install them.
setup_python_clients() {
    local list home arguments=()
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then need_packages python3 python3-venv; fi
    python_lists
    if [ "${#LISTS[@]}" -gt 0 ]; then
        for list in "${LISTS[@]}"; do arguments+=(-r "$list"); done
        install_python "$(python_home "${LISTS[@]}")" "the Python clients" "${arguments[@]}"
    fi
    for list in "${OWN_LISTS[@]}"; do
        home=$(python_home "$list")
        install_python "$home" "the Python packages of ${list#"$ROOT"/}" -r "$list"
        ln -sfn "$home" "$(dirname "$list")/.venv"
    done
}

# install_python HOME WHAT ARGUMENTS...: what pip installs with ARGUMENTS, in an environment.
install_python() {
    local home=$1 what=$2
    shift 2
    if [ -x "$home/bin/python" ]; then return; fi
    step "install $what in an environment"
    # Built in place: an environment knows its own path. The name appears when it is whole.
    rm -rf "$home" "$home.whole"
    mkdir -p "$CACHE/python"
    python3 -m venv "$home.whole" || die "no Python environment" "python3 -m venv $home.whole"
    # Not compiled: a test imports a part of it, and Python keeps what it has compiled.
    "$home.whole/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile "$@" ||
        die "pip could not install $what" "$home.whole/bin/python -m pip install $*"
    ln -sfn "$home.whole" "$home"
}

# python_lists: sets LISTS to the lists of the common environment, OWN_LISTS to the others.
python_lists() {
    local list
    LISTS=() OWN_LISTS=()
    for list in "$ROOT"/end2end/requirements.txt "$ROOT"/end2end/*/requirements.txt \
        "$ROOT"/end2end/*/*/requirements.txt; do
        [ -e "$list" ] || continue
        if grep -qx '# environment: own' "$list"; then OWN_LISTS+=("$list"); else LISTS+=("$list"); fi
    done
}

# python_home LIST...: one environment for each Python and set of lists.
python_home() {
    echo "$CACHE/python/$( (python3 --version; cat "$@") | sha256sum | cut -c1-12)"
}

# client_env: where the runners of end2end find everything.
client_env() {
    # What is imported is compiled once: it was not when it was installed.
    unset PYTHONDONTWRITEBYTECODE
    python_lists
    if [ "${#LISTS[@]}" -gt 0 ]; then
        GROK2API_PYTHON=$(python_home "${LISTS[@]}")/bin/python
        export GROK2API_PYTHON
    fi
    GROK2API_CHROMIUM=${GROK2API_CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
    export GROK2API_CHROMIUM
    export GROK2API_ROOT=$ROOT
    export NODE_PATH=$ROOT/end2end/node_modules
}
