// Adds entries to the ledger that is named, for hosts PREFIX0, PREFIX1, …, and says on stdout which of them are on disk.
import { appendEntry } from '../../src/ledger/append.ts';
import { good } from './entries.ts';

const [file = '', prefix = '', most = '0'] = process.argv.slice(2);
for (let count = 0; count < Number(most); count++) {
  await appendEntry(file, good(`${prefix}${count}`, 120));
  process.stdout.write(`${count + 1}\n`);
}
