#!/bin/sh
# Installs the servers that the tests start privately: MariaDB and Redis, from Debian's packages.
#
# Nothing is left running: the packages are told not to start their services. Exits with 0 if both are
# there at the end, 1 if they are missing and this user, or this system, cannot install them.
set -eu

missing() {
    command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || printf ' mariadb-server'
    command -v redis-server >/dev/null || printf ' redis-server'
}

packages=$(missing)
if [ -z "$packages" ]; then
    echo 'MariaDB and Redis are installed.'
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    echo "Missing:$packages. This is no Debian: install them with your system's own tools." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root='sudo -n'
else
    echo "Missing:$packages. You may not install them: run this as root, or ask who may." >&2
    echo 'Without them the tests that need them are skipped, by name.' >&2
    exit 1
fi

# Packages ask this file whether they may start their service: 101 is no. An administrator's own answer
# stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi

$as_root apt-get update -qq
# Unquoted: one word a package.
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages

packages=$(missing)
if [ -n "$packages" ]; then
    echo "Still missing after the installation:$packages" >&2
    exit 1
fi
echo 'MariaDB and Redis are installed; their services were not started.'
