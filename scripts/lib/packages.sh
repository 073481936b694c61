# shellcheck shell=bash
# Debian packages. Needs common.sh.

missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            printf '%s ' "$package"
    done
}

# need_packages NAME...: installs what is missing, or says how and stops.
need_packages() {
    if ! have apt-get; then
        die "not a Debian-like system, and these are missing: $* (or what they are called here)"
    fi
    local missing line
    missing=$(missing_packages "$@")
    missing=${missing% }
    if [ -z "$missing" ]; then return; fi
    line="sudo apt-get install -y --no-install-recommends $missing"
    if [ "$(id -u)" -ne 0 ]; then
        die "Debian packages are missing and you are not root" "$line"
    fi
    install_packages "$missing" || die "apt-get could not install: $missing" "${line#sudo }"
}

# want_packages NAME...: the same, but only a visible skip where it cannot be done.
want_packages() {
    local missing
    have apt-get || { say "skipped: $* (no apt-get)"; return; }
    missing=$(missing_packages "$@")
    missing=${missing% }
    if [ -z "$missing" ]; then return; fi
    if [ "$(id -u)" -ne 0 ]; then
        say "skipped: sudo apt-get install -y $missing would add a check"
    else
        install_packages "$missing" || say "skipped: apt-get could not install $missing"
    fi
}

install_packages() {
    say "apt-get install $1"
    if [ ! -e "$CACHE/apt-updated" ] || [ -n "$(find "$CACHE/apt-updated" -mmin +720)" ]; then
        apt-get update -qq >&2 && touch "$CACHE/apt-updated"
    fi
    # --no-remove: rather fail than throw out a Rust that somebody installed.
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-remove \
        -o Dpkg::Use-Pty=0 $1 >"$CACHE/apt.log" 2>&1 || { tail -n 20 "$CACHE/apt.log" >&2; return 1; }
}
