# Arguments: the data directory, then the directories to remove. Standard input: process ids, the last one counts.
# The end of standard input means that the owner is gone, by whatever death.
trap '' HUP INT TERM QUIT

pid=
while read -r line; do
    pid=$line
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

# Only a process that the data directory names is signalled, so that a reused id never is. A server without a
# postmaster.pid is either done (if it was asked to stop), still writing it, or initdb, which ends by itself.
asked=
while [ -n "$pid" ] && kill -0 "$pid"; do
    named=
    read -r named <"$data/postmaster.pid"
    if [ "$named" = "$pid" ]; then
        if [ -z "$asked" ]; then
            asked=INT
            kill -INT "$pid"
        elif [ "$asked" = INT ] && [ "$waited" -ge 10000 ]; then
            asked=QUIT
            kill -QUIT "$pid"
        elif [ "$waited" -ge 15000 ]; then
            kill -KILL "$pid"
            break
        fi
    elif [ -n "$asked" ] || [ "$waited" -ge 5000 ]; then
        break
    fi
    nap
done

# A process that is just ending may put a file into a directory that is being removed: try again.
waited=0
for dir do
    rm -rf "$dir"
    while [ -e "$dir" ] && [ "$waited" -lt 5000 ]; do
        nap
        rm -rf "$dir"
    done
done
