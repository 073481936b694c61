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
    for lock in "$ROOT"/end2end/package-lock.json "$ROOT"/end2end/*/package-lock.json; do
        [ -e "$lock" ] || continue
        folder=$(dirname "$lock")
        home=$CACHE/npm/end2end-$(digest_of "$lock")
        install_npm "$folder" "$home" "the test clients of ${folder#"$ROOT"/}"
        ln -sfn "$home/node_modules" "$folder/node_modules"
    done
}

setup_python_clients() {
    local list home arguments=()
    python_lists
    if [ "${#LISTS[@]}" -eq 0 ]; then return; fi
    for list in "${LISTS[@]}"; do arguments+=(-r "$list"); done
    home=$(python_home)
    if [ -x "$home/bin/python" ]; then return; fi
    step "install the Python clients in an environment of their own"
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then need_packages python3 python3-venv; fi
    # Built in place: an environment knows its own path. The name appears when it is whole.
    rm -rf "$home" "$home.whole"
    mkdir -p "$CACHE/python"
    python3 -m venv "$home.whole" || die "no Python environment" "python3 -m venv $home.whole"
    "$home.whole/bin/python" -m pip install --quiet --disable-pip-version-check \
        "${arguments[@]}" ||
        die "pip could not install the clients" "$home.whole/bin/python -m pip install ${arguments[*]}"
    ln -sfn "$home.whole" "$home"
}

# python_lists: sets LISTS to the lists of Python packages that the runners need.
python_lists() {
    local list
    LISTS=()
    for list in "$ROOT"/end2end/requirements.txt "$ROOT"/end2end/*/requirements.txt; do
        if [ -e "$list" ]; then LISTS+=("$list"); fi
    done
}

# One environment for each Python and set of lists.
python_home() {
    echo "$CACHE/python/$( (python3 --version; cat "${LISTS[@]}") | sha256sum | cut -c1-12)"
}

# client_env: where the runners of end2end find everything.
client_env() {
    python_lists
    if [ "${#LISTS[@]}" -gt 0 ]; then
        GROK2API_PYTHON=$(python_home)/bin/python
        export GROK2API_PYTHON
    fi
    GROK2API_CHROMIUM=${GROK2API_CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
    export GROK2API_CHROMIUM
    export GROK2API_ROOT=$ROOT
    export NODE_PATH=$ROOT/end2end/node_modules
}
