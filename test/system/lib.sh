# shellcheck shell=bash
# What a system test may call.  It runs in dom0, under `set -Eeuo pipefail`, in
# the folder of the images; any command that fails, fails it.  $TEST is its name,
# $TMP a folder for its files.  Guests are destroyed when it ends.
#
# A guest is called by the name its test gives it; to Xen it is $TEST.NAME, so
# that each has a log of its own.

PATIENCE=${PATIENCE:-60} # seconds; the one limit of all that is waited for
TMP=$(mktemp -d)
guests_started=0

fail() {
    echo "$*" >&2
    trap - ERR
    exit 1
}

# often FEW MANY: how often, in `make test` and in `make soak`.
often() { [ -n "${SOAK:-}" ] && echo "$2" || echo "$1"; }

# report WORDS...: a figure to be seen when the test has passed, too.
report() { echo "$*" >>"/tmp/$TEST.report"; }

# expect WHAT COMMAND...: the command succeeds.
expect() {
    "${@:2}" || fail "expected: $1 (${*:2})"
}

# expect_equal WHAT GOT WANTED
expect_equal() {
    [ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"
}

# wait_until WHAT COMMAND...: the command succeeds within PATIENCE.
wait_until() {
    local deadline=$((SECONDS + PATIENCE))

    until "${@:2}"; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain: $1"
        sleep 0.2
    done
}

# guest_start NAME [KEY=VALUE...]: NAME.cfg with these lines changed.
guest_start() { guest_start_as "$1" "$@"; }

# guest_start_as NAME IMAGE [KEY=VALUE...]: the same under another name.
# Unless changed, a guest that has ended stays, for its status to be read; xl's
# daemon, which would see to that end, is there only where it has to.
# QEMU's DHCP server knows 16 clients and forgets none: the n-th guest of every
# test has the same MAC address, and so the n-th address from 10.0.2.15 on.
guest_start_as() {
    local name=$1 image=$2 vif='' alone=-e

    [[ "${*:3}" != *on_* ]] || alone=''
    guests_started=$((guests_started + 1))
    if grep -q '^vif.*bridge' "$image.cfg"; then
        vif=$(sed -n "s/'bridge=xenbr0'/'bridge=xenbr0,mac=$(
            printf '00:16:3e:00:00:%02x' $guests_started)'/; /^vif/p" \
            "$image.cfg")
    fi
    xl create -q $alone "$image.cfg" "name=\"$TEST.$name\"" \
        'on_poweroff="preserve"' ${vif:+"$vif"} "${@:3}" >"$TMP/xl" 2>&1 ||
        fail "xl create: $(<"$TMP/xl")"
}

guest_id() { xl domid "$TEST.$1" 2>/dev/null; }

# All the guest has written so far.
guest_console() {
    tr -d '\r' <"/var/log/xen/console/guest-$TEST.$1.log" 2>/dev/null || true
}

# dom0 has IPv6, and 2001:db8::1/64 on the bridge.
dom0_ipv6() {
    sysctl -q net.ipv6.conf.{lo,xenbr0}.disable_ipv6=0
    ip -6 addr replace 2001:db8::1/64 dev xenbr0 nodad
}

# guest_type NAME TEXT: as if typed into xl console.
guest_type() {
    printf '%s' "$2" >"$(xenstore-read "/local/domain/$(guest_id "$1")/console/tty")"
}

# alive, crashed, ended (powered off, or any other way to shut down), or gone.
guest_state() {
    local flags

    flags=$(xl list "$TEST.$1" 2>/dev/null | awk 'NR == 2 { print $5 }') || true
    case $flags in
    '') echo gone ;;
    *c*) echo crashed ;;
    *s*) echo ended ;;
    *) echo alive ;;
    esac
}

is_state() { [ "$(guest_state "$1")" = "$2" ]; }

wait_for_state() { # NAME STATE
    wait_until "guest $1 is $2" is_state "$1" "$2"
}

guest_said() { # NAME PATTERN
    guest_console "$1" | grep -E -- "$2" >/dev/null
}

# What has not been said when a guest ends never will be.
wait_for_console() { # NAME PATTERN
    local deadline=$((SECONDS + PATIENCE)) state

    while state=$(guest_state "$1") && ! guest_said "$1" "$2"; do
        [ "$state" = alive ] || sleep 0.5 # the log is not far behind
        guest_said "$1" "$2" && return
        [ "$state" = alive ] || fail "guest $1 is $state, never said: $2"
        [ $SECONDS -lt $deadline ] || fail "guest $1 does not say: $2"
        sleep 0.2
    done
}

# guest_key NAME PATH: one of the guest's own xenstore keys.
guest_key() {
    xenstore-read "/local/domain/$(guest_id "$1")/$2" 2>/dev/null
}

# The guest's address, once it has published it.
guest_address() {
    wait_until "guest $1 has an address" guest_key "$1" attr/vif/0/ipv4/0 \
        >"$TMP/address"
    tail -n 1 "$TMP/address"
}

# The guest's main has returned: with which status?
guest_status() {
    wait_for_state "$1" ended
    guest_key "$1" data/exit || fail "guest $1 left no data/exit"
}

# An in-guest test has ended and said PASS on its console's last line.
guest_passed() {
    local last

    wait_for_console "$1" '^(PASS|FAIL.*)$'
    last=$(guest_console "$1" | grep -E '^(PASS|FAIL.*)$' | tail -n 1)
    [ "$last" = PASS ] || fail "guest $1 says $last"
}

has_link_local() { ip -6 addr show dev xenbr0 scope link | grep -v tentative | grep -o 'fe80[^/]*'; }

# The bridge's own IPv6 address for this link alone.
own_link_local() {
    wait_until 'dom0 has a link-local address' has_link_local >"$TMP/link-local"
    tail -n 1 "$TMP/link-local"
}

# vif NUMBER MAC [BRIDGE]: the words for it in a config or for xl
# network-attach, with a script that plugs it in like Xen's own, but in no time.
vif() {
    local bridge=${3:-xenbr0} plug=$TMP/plug${3:+.$3}

    cat >"$plug" <<END
#!/bin/sh
bridge=$bridge
END
    cat >>"$plug" <<'END'
[ "$1" = online ] || exit 0
ip link set "$vif" up master "$bridge" &&
    xenstore-write "$XENBUS_PATH/hotplug-status" connected
END
    chmod +x "$plug"
    echo "bridge=$bridge devid=$1 mac=$2 script=$plug"
}

# vif_detach NAME NUMBER: and xl waited for the guest, not for a time to pass.
vif_detach() {
    xl -vvv network-detach "$TEST.$1" "$2" >"$TMP/xl" 2>&1 ||
        fail "xl network-detach: $(<"$TMP/xl")"
    grep 'wanted state 6 ok' "$TMP/xl" >/dev/null ||
        fail "vif $2 was taken by force: $(grep 'wanted state' "$TMP/xl")"
}

# vif_attach NAME WORDS...: as vif makes them.
vif_attach() {
    xl network-attach "$TEST.$1" "${@:2}" >"$TMP/xl" 2>&1 ||
        fail "xl network-attach: $(<"$TMP/xl")"
}

# The back-end asks to part, and is there again when the guest has.
vif_renew() { # NAME NUMBER
    xenstore-write "/local/domain/0/backend/vif/$(guest_id "$1")/$2/state" 5
}

# What restarts with a driver domain; the new device wants to be plugged in.
vif_rebind() { # NAME NUMBER
    local id

    id=$(guest_id "$1")
    echo "vif-$id-$2" >/sys/bus/xen-backend/drivers/vif/unbind
    echo "vif-$id-$2" >/sys/bus/xen-backend/drivers/vif/bind
    vif=vif$id.$2 XENBUS_PATH=/local/domain/0/backend/vif/$id/$2 \
        wait_until "vif$id.$2 is back" "$TMP/plug" online 2>"$TMP/ip"
}
