# Closes a data directory to servers that are started in it without the crm library: they listen on no port and let in
# only its own users. Arguments: the data directory, the id of the library's user, the roles that its users may have.
set -eu
umask 077
cd "$1"
runner=$(id -un "$2" || :)
server=$(id -un)
shift 2

# What somebody has written into them stays beside them.
for file in pg_hba.conf pg_ident.conf; do
    [ ! -e "$file" ] || [ -e "$file.before-crm" ] || cp -p "$file" "$file.before-crm"
done

for user in "$server" "$runner"; do
    for role do
        printf 'crm "%s" %s\n' "$user" "$role"
    done
done >pg_ident.conf

if ! grep -q '^listen_addresses' postgresql.auto.conf; then
    echo "listen_addresses = ''" >>postgresql.auto.conf
fi

# The last step, because its first line says that all is done.
printf '%s\n' \
    '# Written by the crm library, once. Its own server does not read this file; one that is started by pg_ctl does, and' \
    '# lets in only the users of pg_ident.conf, over the socket.' \
    'local all all peer map=crm' \
    'local replication all peer map=crm' \
    'host all all all reject' >pg_hba.conf.new
mv pg_hba.conf.new pg_hba.conf
