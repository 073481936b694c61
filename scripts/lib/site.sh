# shellcheck shell=bash
# Building the site. Needs common.sh and a finished set-up.

# load_tools: the programs that set-up found or built.
load_tools() {
    set -a
    # shellcheck disable=SC1091 # written by scripts/setup
    . "$CACHE/tools.env"
    set +a
}

# More arguments of the site builder.
SITE_OPTIONS=()

# build_site: the site that people get, optimised and compressed.
build_site() {
    step "build the pages (WebAssembly, optimised for size)"
    site_builder --release --site-root "$SITE_ROOT" \
        --hash-dir "$CARGO_TARGET_DIR/release" \
        --hash-dir "$CARGO_TARGET_DIR/debug" --hash-dir "$CARGO_TARGET_DIR/debug/deps" \
        ${SITE_OPTIONS[@]+"${SITE_OPTIONS[@]}"}
}

# build_dev_site: quick to build, plain names, in a folder of its own.
build_dev_site() {
    SITE_ROOT=$CARGO_TARGET_DIR/site-dev
    site_builder --site-root "$SITE_ROOT"
}

# A subshell, so that the lock ends with it.
site_builder() (
    one_at_a_time site
    load_tools
    # In the release profile always: an unoptimised wasm-bindgen takes minutes.
    (cd "$ROOT" && cargo build --quiet --locked --release -p site-builder) ||
        die "the site builder did not compile" "cargo build --release -p site-builder"
    "$CARGO_TARGET_DIR/release/site-builder" --root "$ROOT" "$@" ||
        die "the pages could not be built" "scripts/setup && scripts/site"
)
