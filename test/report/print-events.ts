// Reports many events as JSON on stdout, then says on stderr that it came to its end. With `screen`: shows rows and waits for nothing.
import { noProgress } from '../../src/journal/progress.ts';
import { stamp } from '../../src/journal/stamp.ts';
import { jsonReport } from '../../src/report/json.ts';
import { terminalReport } from '../../src/report/terminal.ts';

const [what] = process.argv.slice(2);
const now = new Date('2026-11-21T07:15:00.000Z');
if (what === 'screen') {
  const options = {
    plan: { plays: [] },
    stream: process.stdout,
    colour: false,
    now: Date.now,
    progress: noProgress,
    logFolder: '',
    resumeCommand: '',
  };
  terminalReport(options).onEvent(stamp({ type: 'warning', message: 'm' }, now));
} else {
  const report = jsonReport({ stream: process.stdout });
  for (let count = 0; count < 5000; count++)
    report.onEvent(stamp({ type: 'warning', message: `${count} ${'x'.repeat(200)}` }, now));
  await report.finish();
  process.stderr.write('to its end\n');
}
