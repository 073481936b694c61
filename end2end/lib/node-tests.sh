# shellcheck shell=bash
# Runs files of node's tests and ends with the line that scripts/end2end reads.

# node_tests ARGUMENTS...: those of `node --test`. What tests of clients found (record.mjs) is compared
# with docs/clients.md, which counts as a failure if it differs; not with a pattern in NODE_TESTS_ONLY.
node_tests() {
    local log record passed failed only=()
    log=$(mktemp)
    record=$(mktemp)
    if [ -n "${NODE_TESTS_ONLY:-}" ]; then only=(--test-name-pattern="$NODE_TESTS_ONLY"); fi
    GROK2API_RECORD=$record node --test --test-reporter=tap "${only[@]}" "$@" | tee "$log" |
        grep -E '^ *(not ok|ok|# Subtest: .*mjs| +(error|failureType):)' || true
    passed=$(sed -n 's/^# pass //p' "$log")
    failed=$(sed -n 's/^# fail //p' "$log")
    [ "${failed:-1}" = 0 ] || cat "$log"
    if [ -z "${NODE_TESTS_ONLY:-}" ] && ! python3 ../lib/clients_table.py "$record"; then
        failed=$((${failed:-0} + 1))
    fi
    rm -f "$log" "$record"
    echo "${passed:-0} passed, ${failed:-1} failed"
    [ "${failed:-1}" = 0 ] && [ "${passed:-0}" -gt 0 ]
}
