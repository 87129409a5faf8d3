#!/bin/bash
# The group deployment with real accounts: kigumid as one, an application as another in the same
# group, and a third that is in neither. Needs root, to become them; the accounts are made up and
# need not exist.
# Usage: two_accounts.sh BIN_DIR
set -eu

skip() {
    echo "skipped: $1"
    exit 77
}
fail() {
    echo "FAILED: $1"
    cat "$root"/*.log 2>/dev/null || true
    exit 1
}

[ "$(id -u)" = 0 ] || skip "not root"
command -v setpriv >/dev/null || skip "no setpriv"
bin=$(cd "$1" && pwd)
group=40100
daemon() { setpriv --reuid 40101 --regid $group --clear-groups "$@"; }
# Its own group comes first, as with `usermod -aG`.
app() { setpriv --reuid 40102 --regid 40202 --groups $group "$@"; }
outsider() { setpriv --reuid 40103 --regid 40203 --clear-groups "$@"; }
daemon test -x "$bin/kigumid" 2>/dev/null || skip "other accounts cannot run $bin/kigumid"

root=$(mktemp -d /tmp/kigumi-accounts.XXXXXX)
pid=
stop() {
    [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; } || true
    pid=
}
trap 'stop; rm -rf "$root"' EXIT
chmod 755 "$root"

# start DIRECTORY UMASK: kigumid on it, as the service would run it.
start() {
    (umask "$2" && exec setpriv --reuid 40101 --regid $group --clear-groups \
        "$bin/kigumid" --data "$1" --listen "127.0.0.1:*" --insecure \
        >"$root/kigumid.log" 2>&1) &
    pid=$!
    for _ in $(seq 200); do
        grep -q "event=node.started" "$root/kigumid.log" 2>/dev/null && return
        kill -0 $pid 2>/dev/null || fail "kigumid ended"
        sleep 0.1
    done
    fail "kigumid does not start"
}

# prints EXPECTED COMMAND...: within ten seconds, since what the other account wrote is then there.
prints() {
    local expected=$1 printed
    shift
    printed=$("$@" 2>&1) || fail "$*: $printed"
    [ "$printed" = "$expected" ] || fail "$*: printed '$printed' instead of '$expected'"
}

# shared DIRECTORY: both accounts use it.
shared() {
    local data=$1
    app "$bin/kigumi" --data "$data" set greeting hello >/dev/null || fail "the application cannot write"
    app "$bin/kigumi" --data "$data" incr visits >/dev/null || fail "the application cannot count"
    daemon "$bin/kigumi" --data "$data" incr visits >/dev/null || fail "the daemon's account cannot count"
    prints 2 app "$bin/kigumi" --data "$data" count visits
    prints hello app "$bin/kigumi" --data "$data" get greeting
    prints hello daemon "$bin/kigumi" --data "$data" get greeting
    app "$bin/kigumi" --data "$data" status >"$root/status.log" 2>&1 || fail "the application cannot ask"
    app "$bin/kigumi" --data "$data" wait 0 1000 >/dev/null || fail "the application cannot wait"
}

# locked_out DIRECTORY: who is not in the group is told by what, and who is.
locked_out() {
    local command told
    for command in "get greeting" "set greeting bye" "status"; do
        # shellcheck disable=SC2086
        if told=$(outsider "$bin/kigumi" --data "$1" $command 2>&1); then
            fail "an outsider may $command: $told"
        fi
        case $told in
            *"$2"*"Permission denied"*"the group $group"*) ;;
            *) fail "an outsider is told of $command: $told" ;;
        esac
    done
}

# As in kigumid.service: StateDirectoryMode=0770, UMask=0007; kigumid makes the directory of the node.
mkdir "$root/service"
chown 40101:$group "$root/service"
chmod 0770 "$root/service"
start "$root/service/node" 0007
shared "$root/service/node"
locked_out "$root/service/node" "$root/service"
stop

# The umask of a shell, and a directory that was made for the group.
mkdir "$root/shell"
chown 40101:$group "$root/shell"
chmod 2770 "$root/shell"
start "$root/shell" 0022
shared "$root/shell"
locked_out "$root/shell" "$root/shell/lock.mdb"
# A group that is not the directory's gets nothing.
[ "$(stat -c '%g %a' "$root/shell/data.mdb")" = "$group 660" ] || fail "data.mdb is $(stat -c '%g %a' "$root/shell/data.mdb")"
stop

# The application comes first, before kigumid has ever run, and makes the directory.
mkdir "$root/early"
chown 40101:$group "$root/early"
chmod 0770 "$root/early"
(umask 0077 && app "$bin/kigumi" --data "$root/early/node" set first yes >/dev/null) || fail "the application cannot begin"
start "$root/early/node" 0077
shared "$root/early/node"
prints yes daemon "$bin/kigumi" --data "$root/early/node" get first
stop

# A store of an earlier version, whose files the group could only read.
chmod 0640 "$root/shell"/*.mdb "$root/shell/last-commit"
start "$root/shell" 0007
prints hello app "$bin/kigumi" --data "$root/shell" get greeting
stop

# One account alone, with the umask of a shell: nobody else, as before.
mkdir "$root/alone"
chown 40101:$group "$root/alone"
chmod 0755 "$root/alone"
start "$root/alone" 0022
stop
[ "$(stat -c %a "$root/alone/data.mdb")" = 640 ] || fail "data.mdb of one account is $(stat -c %a "$root/alone/data.mdb")"
if app "$bin/kigumi" --data "$root/alone" set greeting bye >/dev/null 2>&1; then
    fail "another account may write to a directory that is not the group's"
fi
echo "two accounts: ok"
