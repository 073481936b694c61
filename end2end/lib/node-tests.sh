# shellcheck shell=bash
# Runs files of node's tests and ends with the line that scripts/end2end reads.

# node_tests ARGUMENTS...: those of `node --test`
node_tests() {
    local log passed failed
    log=$(mktemp)
    node --test --test-reporter=tap "$@" | tee "$log" |
        grep -E '^ *(not ok|ok|# Subtest: .*mjs| +(error|failureType):)' || true
    passed=$(sed -n 's/^# pass //p' "$log")
    failed=$(sed -n 's/^# fail //p' "$log")
    [ "${failed:-1}" = 0 ] || cat "$log"
    rm -f "$log"
    echo "${passed:-0} passed, ${failed:-1} failed"
    [ "${failed:-1}" = 0 ] && [ "${passed:-0}" -gt 0 ]
}
