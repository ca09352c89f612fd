import { lines, type Script, sh, shellText } from '../shell/script.ts';

/**
 * Tries a TCP port from the host with whatever the host has, and prints `port=open`, `port=closed` or `port=no-tool`;
 * with `read`, also what comes out of the port within that time. `seconds` is the patience for the connection.
 */
export function tryPort(address: string, port: number, seconds: number, read: boolean): Script {
  return lines([
    sh`h=${address}; n=${port}; t=${Math.max(1, Math.ceil(seconds))}`,
    shellText(read ? READ : CONNECT),
    ...(read ? [] : [shellText(isLoopback(address) ? LISTENING : 'echo port=no-tool')]),
  ]);
}

function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\./.test(address);
}

/** `timeout` is not everywhere; what it would end, a second process ends. The watcher holds no output open. */
const LIMITED = `limited() {
  "$@" & worker=$!
  ( sleep "$t"; kill "$worker" ) >/dev/null 2>&1 </dev/null & watcher=$!
  wait "$worker"; code=$?
  kill "$watcher" 2>/dev/null
  return $code
} 2>/dev/null`;

const CONNECT = `${LIMITED}
said() { if [ "$1" -eq 0 ]; then echo port=open; else echo port=closed; fi; exit 0; }
if command -v bash >/dev/null 2>&1 && bash -c 'exec 3<>/dev/tcp/127.0.0.1/0' 2>&1 | grep -qv 'No such file'; then
  limited bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$h" "$n" >/dev/null 2>&1; said $?
fi
if command -v nc >/dev/null 2>&1; then
  case $(nc -h 2>&1) in *-z*) nc -z -w "$t" "$h" "$n" </dev/null >/dev/null 2>&1; said $? ;; esac
  limited nc "$h" "$n" </dev/null >/dev/null 2>&1; said $?
fi
if busybox nc --help >/dev/null 2>&1; then
  limited busybox nc "$h" "$n" </dev/null >/dev/null 2>&1; said $?
fi
if command -v perl >/dev/null 2>&1; then
  perl -MIO::Socket::INET -e 'exit(IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => $ARGV[2]) ? 0 : 1)' "$h" "$n" "$t" 2>/dev/null; said $?
fi`;

/** The kernel's own list of listening sockets (state 0A), for a port of the host itself. */
const LISTENING = `if [ -r /proc/net/tcp ]; then
  if cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v p=":$(printf '%04X' "$n")" '$4 == "0A" && substr($2, length($2) - 4) == p { found = 1 } END { exit !found }'; then echo port=open; else echo port=closed; fi
else echo port=no-tool; fi`;

const READ = `if command -v bash >/dev/null 2>&1; then
  t=$t bash -c 'exec 3<>"/dev/tcp/$0/$1" || { echo port=closed; exit; }; echo port=open; cat <&3 & c=$!; ( sleep "$t"; kill $c ) >/dev/null 2>&1 </dev/null & w=$!; wait $c; kill $w' "$h" "$n" 2>/dev/null
elif command -v nc >/dev/null 2>&1; then echo port=open; nc -w "$t" "$h" "$n" </dev/null 2>/dev/null
else echo port=no-tool; fi`;
