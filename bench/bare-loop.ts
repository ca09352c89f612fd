/** The least that can be done with ssh2: connect, run each command, collect what it prints, end. No checks at all. */
export const BARE_LOOP = loop('', 'await exec(client, command);');

/** The same, but what is begun and what it came to are on disk (in the file JOURNAL) before it goes on, as a run's must be. */
export const JOURNALLED_LOOP = loop(
  `
import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
const journal = await open(process.env.JOURNAL, 'a', 0o600);
let waiting = [];
let writing;
const record = (event) => new Promise((done) => {
  waiting.push({ line: JSON.stringify(event) + '\\n', done });
  writing ??= writeAll();
});
const writeAll = async () => {
  await undefined;
  while (waiting.length > 0) {
    const group = waiting;
    waiting = [];
    writeSync(journal.fd, group.map(({ line }) => line).join(''));
    await journal.datasync();
    for (const { done } of group) done();
  }
  writing = undefined;
};
`,
  `
      await record({ type: 'step_started', at: new Date(), host, task: command });
      const stdout = (await exec(client, command)).toString();
      await record({ type: 'step_finished', at: new Date(), host, task: command, result: { stdout } });
  `,
);

function loop(before: string, step: string): string {
  return `
import { readFileSync } from 'node:fs';
${before}
const [library, key, port, username, atATime, commands, ...hosts] = process.argv.slice(2);
const { Client } = (await import(library)).default;
const privateKey = readFileSync(key);
const exec = (client, command) => new Promise((resolve, reject) => client.exec(command, (error, channel) => {
  if (error) return reject(error);
  const output = [];
  let code;
  channel.on('data', (data) => output.push(data));
  channel.stderr.on('data', (data) => output.push(data));
  channel.on('exit', (value) => { code = value; });
  channel.on('close', () => (code === 0 ? resolve(Buffer.concat(output)) : reject(new Error(command + ': ' + code))));
}));
const visit = (host) => new Promise((resolve, reject) => {
  const client = new Client();
  client.on('ready', async () => {
    for (const command of JSON.parse(commands)) { ${step} }
    client.end();
  });
  client.on('close', resolve);
  client.on('error', reject);
  client.connect({ host, port: Number(port), username, privateKey });
});
const queue = [...hosts];
await Promise.all(Array.from({ length: Number(atATime) }, async () => {
  for (let host = queue.shift(); host !== undefined; host = queue.shift()) await visit(host);
}));
`;
}
