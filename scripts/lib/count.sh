# shellcheck shell=bash
# Counting tests over runners that print their results in different ways. Needs common.sh.

PASSED=0
FAILED=0

# count_run NAME COMMAND...: runs it, shows it, adds its numbers. One that fails without counting a
# failure (it did not compile, it died) is one failure.
count_run() {
    local name=$1 log status=0 passed failed
    shift
    step "$name"
    log=$(mktemp)
    "$@" 2>&1 | tee "$log" || status=$?
    passed=$(sum_of passed "$log")
    failed=$(sum_of failed "$log")
    rm -f "$log"
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
        say "$name ended with status $status"
    fi
    PASSED=$((PASSED + passed))
    FAILED=$((FAILED + failed))
}

# sum_of passed|failed LOG: over the closing lines of libtest ("test result: ok. 3 passed; 0
# failed"), nextest ("Summary [...] 3 tests run: 3 passed, 0 skipped") and our runners ("3 passed, 0
# failed" alone).
sum_of() {
    sed 's/\x1b\[[0-9;]*m//g' "$2" |
        grep -E '^test result:|^ *Summary \[|^[0-9]+ passed, [0-9]+ failed$' |
        grep -oE "[0-9]+ $1" | awk '{ sum += $1 } END { print sum + 0 }'
}

# count_end: the one closing line, and the exit code.
count_end() {
    printf '\n%d passed, %d failed\n' "$PASSED" "$FAILED"
    [ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
}
