# shellcheck shell=bash
# shellcheck disable=SC2034 # what it sets is written to tools.env by name
# A compiler with the wasm32-unknown-unknown target, and the programs of the site build.
# Needs common.sh and packages.sh. Sets WASM_KIND, SITE_CARGO, SITE_RUSTC, SITE_SYSROOT,
# SITE_WASM_OPT, SITE_SASS.

WASM_TARGET=wasm32-unknown-unknown
WASM_KIND='' SITE_CARGO='' SITE_RUSTC='' SITE_SYSROOT='' SITE_WASM_OPT='' SITE_SASS=''

setup_wasm() {
    if use_own_target; then return; fi
    if use_built_target; then return; fi
    if [ "${GROK2API_WASM:-}" != debian ] && have rustup; then
        step "add the wasm target with rustup (the pages run as WebAssembly)"
        if (cd "$ROOT" && RUST_BACKTRACE=0 timeout 300 rustup target add "$WASM_TARGET" >&2) && use_own_target; then
            return
        fi
        say "rustup could not, so the target is built from Debian's packages"
    fi
    build_target
}

# The compiler on PATH has the target already.
use_own_target() {
    if [ "${GROK2API_WASM:-}" = debian ]; then return 1; fi
    local sysroot
    sysroot=$(cd "$ROOT" && rustc --print sysroot) || return 1
    compgen -G "$sysroot/lib/rustlib/$WASM_TARGET/lib/libcore-*.rlib" >/dev/null || return 1
    WASM_KIND=native SITE_CARGO=cargo SITE_RUSTC='' SITE_SYSROOT=''
}

# A target that build_target made earlier, for the compiler that is installed now.
use_built_target() {
    [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] || return 1
    local home
    home=$CACHE/wasm/$(/usr/bin/rustc -vV | sha256sum | cut -c1-12)
    [ -x "$home/rustc" ] || return 1
    WASM_KIND=debian SITE_CARGO=/usr/bin/cargo SITE_RUSTC=$home/rustc SITE_SYSROOT=$home/sysroot
}

# Debian ships a compiler that can emit WebAssembly and the source of its standard library, but not
# that library compiled. It is compiled once, into a sysroot of ours outside /usr, so that no later
# build needs an unstable flag and no root rights are needed.
build_target() {
    step "install Debian's Rust for the wasm target"
    have apt-get || die "this Rust has no $WASM_TARGET" "rustup target add $WASM_TARGET"
    need_packages rustc-web cargo-web rust-web-src rust-web-llvm
    local llvm
    llvm=$(dpkg-query -W -f '${Depends}' rust-web-llvm | grep -o 'llvm-[0-9]*' | head -n1)
    need_packages "lld-${llvm#llvm-}"

    step "compile Rust's standard library for wasm, once (1 to 2 minutes)"
    local home work
    home=$CACHE/wasm/$(/usr/bin/rustc -vV | sha256sum | cut -c1-12)
    work=$home.new
    rm -rf "$work"
    mkdir -p "$work/crate/src" "$work/sysroot/lib/rustlib/$WASM_TARGET/lib"
    touch "$work/crate/src/lib.rs"
    printf '[package]\nname = "nothing"\nedition = "2024"\n[workspace]\n' >"$work/crate/Cargo.toml"
    compile_std "$work" || die "the standard library did not compile (log: $work/log)" \
        "rustup target add $WASM_TARGET"

    find "$work/target/$WASM_TARGET/release/deps" -name '*.rlib' ! -name 'libnothing-*' \
        -exec cp {} "$work/sysroot/lib/rustlib/$WASM_TARGET/lib/" \;
    ln -s "$(/usr/bin/rustc --print sysroot)"/lib/rustlib/*-linux-* "$work/sysroot/lib/rustlib/"
    printf '#!/bin/sh\nexec /usr/bin/rustc --sysroot "%s" "$@"\n' "$home/sysroot" >"$work/rustc"
    chmod +x "$work/rustc"
    rm -rf "$work/target" "$work/crate" "$home"
    mv "$work" "$home"
    use_built_target
}

compile_std() {
    (cd "$1/crate" && env -u RUSTFLAGS -u CARGO_BUILD_TARGET -u RUSTUP_TOOLCHAIN \
        RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_DIR="$1/target" \
        /usr/bin/cargo build --release --target "$WASM_TARGET" \
        -Zbuild-std=std,panic_abort,panic_unwind,proc_macro,test) >"$1/log" 2>&1 ||
        { tail -n 20 "$1/log" >&2; return 1; }
}

# wasm-opt and sass: the versions of tools/site-builder/package-lock.json, installed in the cache.
setup_site_tools() {
    local source=$ROOT/tools/site-builder home
    if ! have npm; then
        if have wasm-opt && have sass; then
            SITE_WASM_OPT=$(command -v wasm-opt) SITE_SASS=$(command -v sass)
            return
        fi
        step "install Node (wasm-opt and sass come from npm)"
        need_packages nodejs npm
    fi
    home=$CACHE/npm/site-$(digest_of "$source/package-lock.json")
    install_npm "$source" "$home" "wasm-opt and sass"
    SITE_WASM_OPT=$home/node_modules/.bin/wasm-opt SITE_SASS=$home/node_modules/.bin/sass
}

# install_npm SOURCE HOME WHAT: the locked packages of SOURCE in HOME/node_modules.
install_npm() {
    if [ -d "$2/node_modules" ]; then return; fi
    step "install $3 from npm"
    rm -rf "$2.new"
    mkdir -p "$2.new"
    cp "$1/package.json" "$1/package-lock.json" "$2.new/"
    (cd "$2.new" && npm ci --no-fund --no-audit --ignore-scripts --loglevel=error >&2) ||
        die "npm could not install $3" "cd $2.new && npm ci"
    mv "$2.new" "$2"
}

# What the builds of today are made with, for scripts/lib/site.sh.
write_tools_env() {
    local name
    for name in WASM_KIND SITE_CARGO SITE_RUSTC SITE_SYSROOT SITE_WASM_OPT SITE_SASS; do
        printf '%s=%q\n' "$name" "${!name}"
    done >"$CACHE/tools.env.$$"
    mv "$CACHE/tools.env.$$" "$CACHE/tools.env"
}
