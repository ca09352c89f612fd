import { type Script, sh } from '../shell/script.ts';
import { MARKER } from './wrapping.ts';

/**
 * Ends everything that a start with this id has left on the host, and prints what outlived even SIGKILL.
 * Ours is: what carries the marker; what those started, whatever it did to its environment; what shares a session with
 * one of them that leads it. Reads /proc with POSIX tools only; without /proc it says so.
 * The mark never stands in one piece here: sudo puts the whole command into its child's environment, and this would find itself.
 */
export function endEverything(id: string): Script {
  return sh`mark=${MARKER}; mark="$mark=${id}"
[ -r /proc/self/stat ] || { echo 'not known: the host has no /proc'; exit 0; }
known=' '
ours() {
  for f in $(grep -lF "$mark" /proc/[0-9]*/environ 2>/dev/null); do
    p=\${f#/proc/}; p=\${p%/environ}
    case "$known" in *" $p "*) ;; *) known="$known$p " ;; esac
  done
  grown=1
  while [ "$grown" = 1 ]; do
    grown=0
    for f in /proc/[0-9]*/stat; do
      read -r s < "$f" || continue
      p=\${s%% *}; set -- \${s##*) }
      case "$known" in *" $p "*) continue ;; esac
      case "$known" in *" $2 "*|*" $4 "*) known="$known$p "; grown=1 ;; esac
    done
  done 2>/dev/null
}
alive() {
  left=' '
  for p in $known; do
    read -r s < "/proc/$p/stat" || continue
    set -- \${s##*) }
    case "$1" in Z|X) ;; *) left="$left$p " ;; esac
  done 2>/dev/null
}
for sig in TERM TERM KILL KILL KILL; do
  ours; alive
  [ "$left" = ' ' ] && exit 0
  kill -s $sig $left 2>/dev/null
  for n in 1 2 3 4; do
    alive
    [ "$left" = ' ' ] && break
    sleep 0.25 2>/dev/null || sleep 1
  done
done
ours; alive
for p in $left; do
  echo "$p $(tr '\\0' ' ' < "/proc/$p/cmdline" 2>/dev/null)"
done
exit 0`;
}
