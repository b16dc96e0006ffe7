# Stops the private PostgreSQL of the crm library, and removes what is temporary, once its owner is gone.
# Arguments: the data directory, then the directories to remove. Standard input: lines with the process to end, of
# which the last counts: an id is the server, -id a group that is still making the database, an empty line nothing.
# Standard input ends when the owner does, by whatever death.
trap '' HUP INT TERM QUIT

# Copies the owner's lines. They end when the pipe closes, and also when the owner is no longer the parent of this
# process: a fork of the owner has a copy of the pipe, which it may keep open for as long as it likes.
lines() {
    cat <&3 &
    copier=$!
    while sleep 1 && kill -0 $$; do
        parent=
        if [ -r "/proc/$$/stat" ]; then
            read -r _ _ _ parent _ <"/proc/$$/stat"
        else
            parent=$(ps -o ppid= -p $$)
        fi
        if [ -n "$parent" ] && [ "$parent" -ne "$PPID" ]; then
            # What the owner wrote last is on its way through the copier.
            sleep 0.2 || sleep 1
            kill -s KILL "$copier"
            break
        fi
    done >/dev/null 3<&- &
    looker=$!
    wait "$copier" || echo forked
    kill -s KILL "$looker"
}

lines 3<&0 </dev/null | {
pid=
forked=
while read -r line; do
    case $line in
    forked) forked=1 ;;
    *) pid=$line ;;
    esac
done

data=$1
shift
waited=0
nap() {
    if sleep 0.02; then
        waited=$((waited + 20))
    else
        sleep 1
        waited=$((waited + 1000))
    fi
}

# A zombie that nobody reaps, as in many containers, is no longer alive.
alive() {
    state=
    if [ -r "/proc/$pid/stat" ]; then
        read -r _ _ state _ <"/proc/$pid/stat"
    fi
    kill -0 "$pid" && [ "$state" != Z ]
}

# Asks initdb alone and not its children: these end a moment later on their own, and so give their shared memory back.
case $pid in
-*)
    group=$pid
    pid=${pid#-}
    kill -s TERM "$pid"
    while alive && [ "$waited" -lt 2000 ]; do
        nap
    done
    kill -s KILL -- "$group"
    pid=
    waited=0
    ;;
esac

# Signals only a process that the data directory names, so that a reused id is never hit. A server that is not named
# there is done if it was asked to stop, or else is still to write its postmaster.pid.
asked=
while [ -n "$pid" ] && alive; do
    named=
    read -r named <"$data/postmaster.pid"
    if [ "$named" = "$pid" ]; then
        if [ -z "$asked" ]; then
            asked=INT
            kill -s INT "$pid"
        elif [ "$asked" = INT ] && [ "$waited" -ge 10000 ]; then
            asked=QUIT
            kill -s QUIT "$pid"
        elif [ "$waited" -ge 15000 ]; then
            kill -s KILL "$pid"
            break
        fi
    elif [ -n "$asked" ] || [ "$waited" -ge 5000 ]; then
        break
    fi
    nap
done

# The fork has a copy of the lock too, and lets nobody in. The next opener makes a new one.
if [ -n "$forked" ]; then
    rm -f "${data%/*}/lock"
fi

# A process that is just ending may put a file into a directory that is being removed: try again.
waited=0
for dir do
    rm -rf "$dir"
    while [ -e "$dir" ] && [ "$waited" -lt 5000 ]; do
        nap
        rm -rf "$dir"
    done
done
}
