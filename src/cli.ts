#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { processTerminal, type Terminal } from './commands/terminal.ts';
import { version } from './commands/version.ts';

/** Exit code of a malformed option (sysexits' EX_USAGE). */
const USAGE = 64;

/** argv → a command → an exit code. Commands are loaded when they are asked for: `--version` waits for none of them. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: Promise<number> | undefined;
  const program = new Command('rollgate')
    .description('Rolling procedures over SSH, run from a bastion host, that must not go wrong half way.')
    .version(version(), '-V, --version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showSuggestionAfterError();

  withInventory(program.command('inventory').description('show hosts, groups and variables as they will be seen'))
    .option('--list', 'everything, as JSON of the shape of ansible-inventory --list')
    .option('--host <name>', 'the variables of one host, as JSON')
    .option('--hosts <pattern>', 'the hosts that a pattern names, one a line, in order')
    .option('--graph', 'the tree of groups')
    .option('-l, --limit <pattern>', 'with --hosts: only those hosts')
    .action((options) => {
      exitCode = import('./commands/inventory.ts').then(({ inventory }) => inventory(options, terminal));
    });

  withInventory(program.command('check <playbook>').description('find every mistake, touch nothing')).action(
    (playbook, options) => {
      exitCode = import('./commands/check.ts').then(({ check }) => check(playbook, options, terminal));
    },
  );

  const plan = withInventory(
    program.command('plan <playbook>').description('show what a run would do; connects only with --probe'),
  );
  withOutput(
    withHours(withHostKeys(withSelection(withStateDir(plan)))),
    '.json to be run, .html, .md or .txt to be reviewed; several times',
  )
    .option('--probe', 'ask the hosts, changing nothing, and show what would be done on each of them')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .option('--ticket <ticket>', 'the change ticket that it is for')
    .action((playbook, options) => {
      exitCode = import('./commands/plan.ts').then(({ plan }) => plan(playbook, options, terminal));
    });

  withOutput(withStateDir(program.command('show <plan>')), '.html, .md or .txt; several times')
    .exitOverride()
    .description('show a saved plan again, and what has changed since')
    .action((file, options) => {
      exitCode = import('./commands/show.ts').then(({ show }) => show(file, options, terminal));
    });

  const run = withExtraVars(program.command('run [playbook]').description('run a playbook on its hosts'));
  withRunning(withSelection(run.option('-i, --inventory <source>', INVENTORY, collectNames, [])))
    .option('--plan <file>', 'run this saved plan, and nothing else', named)
    .option('--max-age <duration>', 'with --plan: how old it may be', '7d')
    .option('-C, --check', 'a dry run: ask the hosts, decide, show what would be done, do nothing')
    .option('-D, --diff', 'show what changes in files')
    .option('--detailed-exitcode', 'with --check: 20 when something would change')
    .action((playbook, options) => {
      exitCode = import('./commands/run.ts').then(({ run }) => run(playbook, options, terminal));
    });

  withStateDir(withExtraVars(program.command('windows')))
    .description('show which windows are open, and how long what was renewed still holds')
    .option('-i, --inventory <source>', `${INVENTORY}; names the hosts of which nothing is known`, collectNames)
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .action((options) => {
      exitCode = import('./commands/windows.ts').then(({ windows }) => windows(options, terminal));
    });

  withRunning(withExtraVars(program.command('resume [run]')))
    .description('go on with a run that stopped; the latest by default')
    .addOption(
      new Option('--assume-done', 'steps of which nobody knows whether they ran: take them as done').conflicts('redo'),
    )
    .option('--redo', 'steps of which nobody knows whether they ran: do them again')
    .option('--reason <text>', 'why the one or the other is right, for whoever comes next')
    .option('--salvage', 'leave out lines of the journal that cannot be read, and ask where one may be missing')
    .option('--replan', 'make the plan anew from the files as they are now, show the difference, and go on by it')
    .option('--retry-failed', 'hosts that failed try again where they failed')
    .option('--retry-unreachable', 'hosts that could not be reached try again where they were lost')
    .option('-l, --limit <pattern>', 'go on with these hosts only; open windows are brought home all the same')
    .action((run, options) => {
      exitCode = import('./commands/resume.ts').then(({ resume }) => resume(run, options, terminal));
    });

  withStateDir(program.command('runs').description('list the runs that are recorded here').exitOverride()).action(
    (options) => {
      exitCode = import('./commands/runs.ts').then(({ runs }) => runs(options, terminal));
    },
  );

  withStateDir(
    program.command('status [run]').description('show where a run stands; the latest by default').exitOverride(),
  )
    .option('--watch', 'until it ends')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .action((run, options) => {
      exitCode = import('./commands/status.ts').then(({ status }) => status(run, options, terminal));
    });

  withStateDir(program.command('logs <run> <host>').description("show a host's log").exitOverride())
    .option('-f, --follow', 'and what comes, until the run ends')
    .action((run, host, options) => {
      exitCode = import('./commands/logs.ts').then(({ logs }) => logs(run, host, options, terminal));
    });

  withStateDir(program.command('explain [run] [host]').exitOverride())
    .description('say why a run, or a host in it, does not go on')
    .action((run, host, options) => {
      exitCode = import('./commands/explain.ts').then(({ explain }) => explain(run, host, options, terminal));
    });

  withStateDir(program.command('report [run]').exitOverride())
    .description('write down what was planned of a run beside what happened; of the latest by default')
    .requiredOption('-o, --output <file>', 'where to: .html, .md, .txt, or .json for programs; several times', collect)
    .action((run, options) => {
      exitCode = import('./commands/report.ts').then(({ report }) => report(run, options, terminal));
    });

  const steering = [
    ['pause', 'begin nothing new; hosts inside a window come out of it'],
    ['continue', 'go on after a pause'],
    ['abort', 'begin nothing new, and end; to go on: continue, then resume'],
  ] as const;
  for (const [verb, about] of steering)
    withOrder(program.command(`${verb} [run]`).description(about)).action((run, options) => {
      exitCode = import('./commands/order.ts').then(({ order }) => order({ verb }, run, options, terminal));
    });
  const overriding = [
    ['force', '<run> <host> [task]', 'take a task, or all that is left to do on a host, as complete'],
    ['restart', '<run> <host> [task]', 'do a task, or everything on a host, again'],
    ['skip', '<run> <host>', 'do nothing more on a host'],
  ] as const;
  for (const [verb, args, about] of overriding)
    withOrder(program.command(`${verb} ${args}`).description(about)).action((run, host, ...rest) => {
      const [task, options] = verb === 'skip' ? [undefined, rest[0]] : rest;
      const asked = { verb, host, ...(task === undefined ? {} : { task }) };
      exitCode = import('./commands/order.ts').then(({ order }) => order(asked, run, options, terminal));
    });

  try {
    await program.parseAsync(['node', 'rollgate', ...argv]);
    return (await exitCode) ?? 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    throw error;
  }
}

const INVENTORY = 'an inventory file or folder, or "host1,host2,"; may be given several times';

function withInventory(command: Command): Command {
  return withExtraVars(command).requiredOption('-i, --inventory <source>', INVENTORY, collectNames);
}

function withOutput(command: Command, forms: string): Command {
  return command.option('-o, --output <file>', `save it: ${forms}`, collect, []);
}

function withStateDir(command: Command): Command {
  return command.option(
    '--state-dir <folder>',
    'where runs are recorded (default: $ROLLGATE_STATE_DIR, else .rollgate here)',
    named,
  );
}

function withExtraVars(command: Command): Command {
  const vars = 'variables over all others: key=value, a JSON or YAML mapping, or @file; may be given several times';
  return command.exitOverride().option('-e, --extra-vars <vars>', vars, collect, []);
}

function withSelection(command: Command): Command {
  return command
    .option('-l, --limit <pattern>', 'only these of the hosts; @file names one a line')
    .option('-f, --forks <number>', 'hosts at a time, where the playbook does not say (default: 10)', positive)
    .option('-t, --tags <tags>', 'only tasks with one of these tags', commas, [])
    .option('--skip-tags <tags>', 'no tasks with one of these tags', commas, [])
    .option('--pause-after-first', 'wait after the first batch of each play until somebody says continue');
}

function withOrder(command: Command): Command {
  return withStateDir(command.exitOverride()).requiredOption('--reason <text>', 'why, for whoever comes next');
}

function withRunning(command: Command): Command {
  return withHours(withHostKeys(withStateDir(command)))
    .option('-y, --yes', 'go on without asking')
    .addOption(
      new Option('--hangup <how>', 'when the terminal goes away: go on, or stop as at Ctrl-C')
        .choices(['go-on', 'stop'])
        .default('go-on'),
    )
    .addOption(
      new Option('--format <format>', 'rows on a terminal, lines, or one JSON event a line')
        .choices(['auto', 'lines', 'json'])
        .default('auto'),
    )
    .option(
      '--on-event <command>',
      'a command that is started for each event of the journal, with the event as JSON on its stdin',
    );
}

function withHours(command: Command): Command {
  return command
    .option('--not-before <time>', 'begin no host before: 22:00 here, or 2026-11-21T22:00Z; waits until then')
    .option('--not-after <time>', 'begin no host after; those under way come to their end, and the run can be resumed')
    .addOption(new Option('--cutoff <time>', 'the same as --not-after').conflicts('notAfter'));
}

function withHostKeys(command: Command): Command {
  return command.addOption(
    // No default: where nothing is said here, ssh_config has its say.
    new Option(
      '--host-key-checking <how>',
      'of hosts that known_hosts does not know (default: as ssh_config says, else strict)',
    ).choices(['strict', 'accept-new', 'off']),
  );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Of a variable of the shell that is not set nothing is left, and resolved that would be the folder that we are in. */
function named(value: string): string {
  if (value === '') throw new InvalidArgumentError('It is empty.');
  return value;
}

function collectNames(value: string, before: readonly string[] = []): readonly string[] {
  return collect(named(value), before);
}

function commas(value: string, before: readonly string[]): readonly string[] {
  const tags = value
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  if (tags.length === 0) throw new InvalidArgumentError('It names no tag.');
  return [...before, ...tags];
}

function positive(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError('It takes a whole number from 1.');
  return Number(value);
}

/** What the machine refuses (a folder that may not be written, a full disk) its owner can mend; all else is ours to mend. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return `a fault in rollgate itself; please report it:\n${error}`;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined) return `this machine refuses what is needed here: ${error.message}`;
  return `a fault in rollgate itself; please report it:\n${error.stack}`;
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? '')).href) {
  process.exitCode = await main(process.argv.slice(2), processTerminal()).catch((error: unknown) => {
    process.stderr.write(`rollgate: ${describeFault(error)}\n`);
    return 1;
  });
}
