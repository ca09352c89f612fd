/** The least that can be done with ssh2: connect, run each command, collect what it prints, end. No checks at all. */
export const BARE_LOOP = `
import { readFileSync } from 'node:fs';
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
    for (const command of JSON.parse(commands)) await exec(client, command);
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
