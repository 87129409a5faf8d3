# machine.sh: sourced before the commands of a guide; what a machine with systemd has, for the directory
# MACHINE. The daemon answers for its readiness at HTTP.
set -euo pipefail
daemon=$MACHINE/run/pid

start_daemon() {
    kigumid --config "$MACHINE/etc/kigumid.toml" </dev/null >>"$MACHINE/run/log" 2>&1 &
    echo $! >"$daemon"
    local _
    for _ in $(seq 300); do
        ! curl -fsS "http://$HTTP/healthz" >/dev/null 2>&1 || return 0
        kill -0 "$(cat "$daemon")" 2>/dev/null || break
        sleep 0.1
    done
    echo "kigumid did not start" >&2
    return 1
}

stop_daemon() {
    local pid
    pid=$(cat "$daemon")
    kill -TERM "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
    rm "$daemon"
}

systemctl() {
    case "$*" in
        "enable --now kigumid" | "start kigumid") start_daemon ;;
        "stop kigumid") stop_daemon ;;
        "restart kigumid") stop_daemon && start_daemon ;;
        "reload kigumid") kill -HUP "$(cat "$daemon")" ;;
        *) echo "systemctl $*: not known to this test" >&2 && return 1 ;;
    esac
}

# The account kigumi is not here; what it is given has to be.
chown() {
    [ "$1" != -R ] || shift
    [ "$1" = kigumi: ] && [ -e "$2" ]
}

journalctl() {
    [ "$*" = "-u kigumid" ] || return 1
    cat "$MACHINE/run/log"
}
