const MIB = 1024 * 1024;

/** Says how far a large transfer has come: at every tenth of it, and not more often than every MiB. */
export function transferProgress(say: (text: string) => void): (sent: number, total: number) => void {
  let next = 0;
  return (sent, total) => {
    const step = Math.max(total / 10, MIB);
    if (next === 0) next = sent + step;
    if (sent < next) return;
    next += step;
    say(`${(sent / MIB).toFixed(1)} of ${(total / MIB).toFixed(1)} MiB\n`);
  };
}
