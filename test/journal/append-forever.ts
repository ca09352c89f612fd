// Appends events to the journal that is named, and says on stdout which of them are on disk.
import { openJournal } from '../../src/journal/journal.ts';
import { stamp } from '../../src/journal/stamp.ts';

const journal = await openJournal(process.argv[2] ?? '');
const most = Number(process.argv[3]);
try {
  for (let count = 0; count < most; count += 4) {
    const group = [0, 1, 2, 3].map((index) => stamp({ type: 'warning', message: `${count + index}` }, new Date()));
    await Promise.all(group.map((event) => journal.append(event)));
    process.stdout.write(`${count + 4}\n`);
  }
} catch (error) {
  const again = await journal
    .append(stamp({ type: 'warning', message: 'later' }, new Date()))
    .catch((later: unknown) => later === error);
  process.stdout.write(`failed ${again} ${(error as Error).message}\n`);
}
await journal.close();
