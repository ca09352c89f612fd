import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROLS, HOSTILE, marks, marksInMarkdown } from '../review/hostile.ts';
import { rollgate } from './desk.ts';
import { type Fleet, startFleet } from './fleet.ts';

/** As an executor's id: it is a folder on its host. */
const idOf = (text: string) => Buffer.from(text.replaceAll(/[/\0\n]/g, ' ')).toString('latin1');
const HOST = 'a<b>`c`|d_e_';
const TAGS =
  /^<\/?(!doctype html|html|br|desc|head|meta|title|body|a|header|h[1-6]|nav|ol|li|main|section|p|strong|dl|div|dt|dd|ul|table|thead|tbody|tr|th|td|code|pre|figure|figcaption|svg|g|rect|line|text|path)( (lang|charset|name|content|http-equiv|class|href|aria-label|aria-labelledby|id|role|tabindex|scope|data-label|viewbox|x|y|x1|x2|y1|y2|width|height|d|text-anchor|aria-hidden|focusable|transform|preserveaspectratio|xmlns)="")*\/?>$/i;

/** Names that would be more than text, from the host, the inventory, the playbook and the command line, in every document. */
describe('hostile names', () => {
  let fleet: Fleet;
  const read = (name: string) => readFile(join(fleet.directory, name), 'utf8');
  const call = (...argv: readonly string[]) => rollgate(fleet.directory, ...argv);
  const printed: string[] = [];

  beforeAll(async () => {
    const executors = HOSTILE.map((text) => ({ id: idOf(text), idleDays: 0 }));
    fleet = await startFleet({
      hosts: [{ name: 'x', executors: [...executors, { id: 'frail <i>', checkpoint: false }] }],
    });
    const { address = '', port = 0 } = fleet.hosts.get('x') ?? {};
    const vars = {
      ansible_host: address,
      ansible_port: port,
      ansible_user: 'operator',
      ansible_ssh_private_key_file: fleet.keyFile,
      ansible_ssh_common_args: `-F none -o UserKnownHostsFile=${fleet.knownHostsFile}`,
    };
    await writeFile(
      join(fleet.directory, 'hosts.yml'),
      JSON.stringify({ all: { hosts: { [HOST]: vars }, children: { 'g_<u>_`x`': { hosts: { [HOST]: {} } } } } }),
    );
    const tasks = [
      { name: 'see <em>', mesos_capture: {}, register: 'seen' },
      { name: 'ask |', mesos_preflight: {} },
      ...HOSTILE.map((text) => ({ name: text.replaceAll('\0', ''), debug: { msg: text.replaceAll('\0', '') } })),
      { name: 'say', command: { argv: ['echo', ...HOSTILE.map((text) => text.replaceAll('\0', ''))] } },
      { name: 'told', debug: { msg: '{{ seen.msg }}' } },
      { name: 'ends', fail: { msg: '{{ seen.msg }}' } },
    ];
    await writeFile(join(fleet.directory, 'play.yml'), JSON.stringify([{ name: '<h1> `x`', hosts: 'all', tasks }]));
    const made = ['md', 'html', 'txt', 'json'].flatMap((form) => ['-o', `plan.${form}`]);
    const line = [
      'play.yml',
      '-i',
      'hosts.yml',
      '-e',
      JSON.stringify({ odd: HOSTILE[1] }),
      '--ticket',
      `${HOSTILE[0]}\x1b[2J`,
    ];
    for (const argv of [
      ['plan', ...line, '--probe', ...made],
      ['plan', ...line.slice(0, -2), '--probe'],
      ['show', 'plan.json'],
      ['show', 'plan.json', '-o', 'show.md', '-o', 'show.html', '-o', 'show.txt'],
      ['run', '--plan', 'plan.json', '--yes'],
      ['report', '-o', 'report.md', '-o', 'report.html', '-o', 'report.txt', '-o', 'report.json'],
    ]) {
      const { out, err } = await call(...argv);
      if (argv[0] !== 'run' && err !== '') throw new Error(err);
      printed.push(out, err);
    }
  }, 120_000);
  afterAll(() => fleet?.stop());

  it.each(['plan', 'show', 'report'])('are text in the page of %s', async (name) => {
    const html = await read(`${name}.html`);
    expect(marks(html).filter((tag) => !TAGS.test(tag))).toEqual([]);
    expect(html).not.toMatch(CONTROLS);
    expect(html).toContain('frail &lt;i&gt;');
  });

  it.each(['plan', 'show', 'report'])('make no marks in the Markdown of %s', async (name) => {
    const markdown = await read(`${name}.md`);
    expect(marksInMarkdown(markdown)).toEqual([]);
    expect(markdown).not.toMatch(CONTROLS);
    expect(markdown).toMatch(/frail \\?&?l?t?;?<?i/);
  });

  it.each(['plan', 'show', 'report'])('steer no terminal in the text of %s', async (name) => {
    expect(await read(`${name}.txt`)).not.toMatch(CONTROLS);
  });

  it('steer no terminal while it is planned, run and shown', () => {
    expect(printed.join('')).toContain('frail <i>');
    for (const text of printed) expect(text).not.toMatch(CONTROLS);
  });

  it('stand as they are in the forms for programs', async () => {
    expect(Object.keys(JSON.parse(await read('plan.json')).inventory.hosts)).toEqual([HOST]);
    expect(JSON.parse(await read('report.json')).hosts.map(({ host }: { host: string }) => host)).toEqual([HOST]);
  });
});
