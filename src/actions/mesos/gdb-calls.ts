/**
 * Calls in processes of the host, by gdb in a container, for the script there: `container` starts it, `remove` ends it, `call
 * PID EXPRESSION NAME` fails where gdb does not come back, and `returned FILE` tells what the call gave. It wants $image,
 * $privileged, `uptime_cs`, `since`, `traced` and `nap`, and keeps what gdb said in files.
 */
export const GDB_CALLS = `container() {
  if [ "$privileged" = yes ]; then set -- --privileged
  else set -- --cap-drop ALL --cap-add SYS_PTRACE --security-opt label=disable --security-opt apparmor=unconfined --security-opt seccomp=unconfined
  fi
  # It does nothing by itself, and is there to run gdb in: no shell need be in the image.
  within 120 docker run -d -i --name rollgate-gdb --pid host --net none "$@" "$image" gdb -nx -q
}
# Nothing waits for a Docker that hangs. (KILL: who hangs may not hear of less.)
within() { timeout -s KILL "$@"; }
remove() { within 60 docker rm -f rollgate-gdb >/dev/null 2>&1 </dev/null; }

# One call in one process. Symbols of libc alone are read while it is held: all of them would freeze it for seconds; and of
# the libc that the process itself sees, which need not be the host's. The other threads stand still meanwhile: a signal to
# one of them, as Java's get all the time, would make gdb leave in the middle of the call, which kills. The cast is needed
# with and without debug symbols. gdb is never ended: it would leave a breakpoint behind, which kills.
gdb_in() {
  docker exec rollgate-gdb gdb -nx -q -batch -iex "set sysroot /proc/$1/root" -iex 'set auto-load off' -iex 'set auto-solib-add off' \\
    -ex 'set width 0' -ex 'set height 0' -ex 'set unwindonsignal on' \\
    -ex "file /proc/$1/exe" -ex "attach $1" -ex 'sharedlibrary libc.so' -ex 'set scheduler-locking on' -ex "print $2" -ex detach </dev/null
}
call() {
  out=gdb.$1.$3
  rm -f "$out" "$out.end"
  (gdb_in "$1" "$2" >"$out" 2>&1; echo $? >"$out.end") 9>&- &
  called=$(uptime_cs)
  while [ ! -e "$out.end" ]; do
    waited=$(since "$called")
    # Docker may not notice that gdb has come to its end.
    if [ "$waited" -ge 5 ] && [ -n "$(returned "$out")" ] && ! traced "$1"; then break; fi
    [ "$waited" -lt 30 ] || return 1
    nap
  done
  { echo "## gdb on process $1: $2"; cat "$out"; echo; } >>save_exec.out
}
returned() { sed -n 's/^[$][0-9]* = \\(-*[0-9][0-9]*\\)$/\\1/p' "$1" 2>/dev/null | tail -n 1; }`;
