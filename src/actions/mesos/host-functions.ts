/** `limited SECONDS COMMAND…` ends what hangs, such as a Docker that is ill, where the host has a `timeout`. */
export const LIMITED = 'limited() { if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi; }';

/**
 * Shell functions that ask the agent over HTTP from its own host, for questions and for the script that is left there.
 *
 * `agent_address PORT` (as /proc/net/tcp has it): where it listens; nothing where nobody does.
 * `agent_get URL SECONDS`: the body, and on a line of its own the status: `none` where there is nothing to ask with, 000
 * where nobody answered. It wants `limited`.
 */
export const AGENT_GET = `agent_address() {
  set -- "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port=":$1" '{ n = split($2, near, ":"); if (n == 2 && ":" near[2] == port && $4 == "0A") { print near[1]; exit } }')"
  case $1 in 0000000000000000FFFF0000????????) set -- "\${1#????????????????????????}" ;; esac
  case $1 in
    '') ;;
    *0000000) echo 127.0.0.1 ;;
    ????????) printf '%d.%d.%d.%d\\n' "0x\${1#??????}" "0x$(echo "$1" | cut -c 5-6)" "0x$(echo "$1" | cut -c 3-4)" "0x\${1%??????}" ;;
    *) echo 127.0.0.1 ;;
  esac
}
agent_get() {
  if command -v curl >/dev/null 2>&1; then curl -q -s -m "$2" -w '\\n%{http_code}' "$1" 2>/dev/null </dev/null
  elif command -v wget >/dev/null 2>&1; then limited "$2" wget -q -T "$2" -O - "$1" 2>/dev/null </dev/null
    case $? in 0) printf '\\n200' ;; 6) printf '\\n401' ;; 8) printf '\\n403' ;; *) printf '\\n000' ;; esac
  else printf '\\nnone'; fi
}`;
