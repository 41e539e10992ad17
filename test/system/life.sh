# shellcheck shell=bash
# For tests around the guest life, see life.c: it serves on vif 0, at $address.

life_start() { # WORDS...: one argument for each vif, as vif makes them
    local words

    words=$(printf "'%s', " "${@// /,}")
    guest_start life memory=8 "vif=[${words%, }]"
    address=$(guest_address life)
    life_serves 'its start'
}

life_answers() { curl -sf -m 2 -o "$TMP/answer" "http://$address/"; }

life_serves() { wait_until "life answers after $*" life_answers; }

# life_number NAME: as the guest tells it.
life_number() {
    life_answers
    sed -n "s/^$1 //p" "$TMP/answer"
}

life_note_memory() {
    curl -sf -m 60 -o /dev/null "http://$address/[1-20]"
    pages=$(life_number pages)
    grants=$(life_number grants)
}

# life_check_memory CYCLES: since it was noted they have lost nothing, not even
# a page each; what the heap has needed once it keeps.
life_check_memory() {
    local now

    is_state life alive || fail 'the guest has died'
    now=$(life_number pages)
    [ "$now" -gt $((pages - $1)) ] || fail "$pages pages were free, now $now"
    expect_equal 'references claimed' "$(life_number grants)" "$grants"
    expect_equal 'buffers lost' "$(life_number quarantined)" 0
}

# Somebody is always asking for something, until life_unload.
life_load() {
    while :; do
        curl -sf -m 2 "http://$address/" >>"$TMP/served" || true
        sleep 0.3
    done &
    load=$!
}

life_unload() {
    kill "$load"
    wait "$load" || true
    [ "$(grep -c pages "$TMP/served")" -gt 0 ] || fail 'there was no load'
}
