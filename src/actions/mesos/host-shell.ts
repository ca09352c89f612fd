import { sh, shellText } from '../../shell/script.ts';
import { LIMITED } from './host-functions.ts';

/** What every question begins with. Whatever could hold a hostile name is printed through `hex`. */
export const BEGINNING = sh`LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/opt/mesosphere/bin
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
hex() { od -An -v -tx1 "$@" 2>/dev/null; }
${shellText(LIMITED)}
pids=self
echo "= boot $(cat /proc/sys/kernel/random/boot_id)"`;

export const END = sh`echo '= end'`;
