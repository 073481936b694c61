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

# sum_of passed|failed LOG: the last line "3 passed, 0 failed" of one of our runners, which has
# counted everything itself; without one, the sum over the closing lines of libtest ("test result:
# ok. 3 passed; 0 failed") and nextest ("Summary [...] 3 tests run: 3 passed, 0 skipped").
sum_of() {
    local plain lines
    plain=$(sed 's/\x1b\[[0-9;]*m//g' "$2")
    lines=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' <<<"$plain" | tail -n1 || true)
    if [ -z "$lines" ]; then
        lines=$(grep -E '^test result:|^ *Summary \[' <<<"$plain" || true)
    fi
    grep -oE "[0-9]+ $1" <<<"$lines" | awk '{ sum += $1 } END { print sum + 0 }' || true
}

# count_end: the one closing line, and the exit code.
count_end() {
    printf '\n%d passed, %d failed\n' "$PASSED" "$FAILED"
    [ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
}
