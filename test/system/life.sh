# shellcheck shell=bash
# For tests around the guest life, see life.c: it serves on vif 0, at $address.

LIFE_LIMIT=2000 # ms until it answers again, in virtual time

life_start() { # WORDS...: one argument for each vif, as vif makes them
    local words

    words=$(printf "'%s', " "${@// /,}")
    guest_start life memory=8 "vif=[${words%, }]"
    address=$(guest_address life)
    wait_until 'life answers' life_answers
    # Where nobody has that address, QEMU's network resets its connections.
    ip link set eth0 type bridge_slave flood off
    worst_new=0 worst_old=0 judged=0
}

life_answers() { curl -sf -m 2 -o "$TMP/answer" "http://$address/"; }

# life_number NAME: as the guest tells it.
life_number() {
    life_answers || fail 'life does not answer'
    sed -n "s/^$1 //p" "$TMP/answer"
}

life_note_memory() {
    curl -sf -m 60 -o /dev/null "http://$address/[1-20]"
    free=$(life_number free)
    grants=$(life_number grants)
}

# life_check_memory [BYTES]: no more is missing since it was noted, or two pages.
life_check_memory() {
    local now loss=${1:-8192}

    is_state life alive || fail 'the guest has died'
    now=$(life_number free)
    report "$free bytes were free, then $now"
    [ "$now" -gt $((free - loss)) ] || fail "$free bytes were free, now $now"
    expect_equal 'references claimed' "$(life_number grants)" "$grants"
    expect_equal 'buffers lost' "$(life_number quarantined)" 0
}

# Somebody is always asking for something, see life.py, until life_unload.
life_load() {
    coproc LOAD { exec python3 life.py "$address"; }
    read -r -t "$PATIENCE" -u "${LOAD[0]}" || fail 'there is no load'
}

# life_judge WHAT: it has just happened, and the guest serves again soon.
life_judge() {
    local new old

    echo >&"${LOAD[1]}"
    read -r -t "$PATIENCE" -u "${LOAD[0]}" new old || fail "no answers after $1"
    [ "$new" -le $LIFE_LIMIT ] && [ "$old" -le $LIFE_LIMIT ] ||
        fail "after $1: $new ms for a new connection, $old ms for an old one"
    [ "$new" -le $worst_new ] || worst_new=$new
    [ "$old" -le $worst_old ] || worst_old=$old
    judged=$((judged + 1))
}

life_unload() {
    local served in=${LOAD[1]} pid=$LOAD_PID

    exec {in}>&-
    read -r -t "$PATIENCE" -u "${LOAD[0]}" served
    wait "$pid"
    [ "$served" -gt $((2 * judged)) ] || fail "no more than $served answers"
    report "back $judged times, after $worst_new ms at most for a new connection," \
        "$worst_old ms for an old one; $served answers to the load"
}
