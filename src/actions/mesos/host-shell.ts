import { sh } from '../../shell/script.ts';

/**
 * What every question begins with. Whatever could hold a hostile name is printed through `hex`. `limited SECONDS
 * COMMAND…` ends what hangs, such as a Docker that is ill, where the host has a `timeout`.
 */
export const BEGINNING = sh`LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/opt/mesosphere/bin
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
hex() { od -An -v -tx1 "$@" 2>/dev/null; }
limited() { if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi; }
pids=self
echo "= boot $(cat /proc/sys/kernel/random/boot_id)"`;

export const END = sh`echo '= end'`;
