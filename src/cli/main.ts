#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { QuerentError } from '../errors.js';
import { EXIT, InterruptedError, interruptSignal, UsageError } from './effects.js';

/** Every subcommand and where it lives; only the one that is asked for is loaded. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  score: async () => (await import('./score.js')).scoreCommand(),
  select: async () => (await import('./select.js')).selectCommand(),
  run: async () => (await import('./run.js')).runCommand(),
  report: async () => (await import('./report.js')).reportCommand(),
  data: async () => (await import('./data.js')).dataCommand(),
  ask: async () => (await import('./ask.js')).askCommand(),
  tell: async () => (await import('./tell.js')).tellCommand(),
  campaign: async () => (await import('./campaign.js')).campaignCommand(),
  bench: async () => (await import('./bench.js')).benchCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  setup: async () => (await import('./setup.js')).setupCommand(),
};

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function buildProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('querent')
    .description('Active learning: score a pool, choose what to label next, run whole learning loops.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .option('--debug', 'print the stack of an error')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', '\nExit codes: 0 good, 1 failure, 2 wrong use, 130 interrupted after saving.');
  const wanted = args.find((argument) => !argument.startsWith('-')) ?? '';
  const only = SUBCOMMANDS[wanted];
  const loaders = only === undefined ? Object.values(SUBCOMMANDS) : [only];
  for (const command of await Promise.all(loaders.map((load) => load()))) program.addCommand(command);
  program.action(() => {
    throw new UsageError(
      wanted === '' ? 'a command is missing, see querent --help' : `there is no command ${wanted}, see querent --help`,
    );
  });
  program.allowExcessArguments();
  for (const command of [program, ...descendants(program)]) {
    command.exitOverride();
    command.configureOutput({ outputError: () => undefined }); // reported once, below
  }
  return program;
}

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...descendants(child)]);
}

/**
 * Run the command line and report an error as one line on stderr.
 *
 * @param args Without node and script.
 * @returns The exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const program = await buildProgram(args);
    await program.parseAsync([...args.filter((argument) => argument !== '--debug')], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : EXIT.good;
  } catch (error) {
    return report(error, args.includes('--debug'));
  }
}

function report(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.good; // help or version, already printed
    const text = error.message.replace(/^error: /, '');
    process.stderr.write(`querent: ${oneLine(text)} [ERR_QUERENT_USAGE]\n`);
    return EXIT.usage;
  }
  const { aborted, reason } = interruptSignal();
  if (aborted || error instanceof InterruptedError) {
    const { message } = (aborted ? reason : error) as Error; // whatever broke then broke because of the interruption
    process.stderr.write(`querent: ${oneLine(message)}\n`);
    return EXIT.interrupted;
  }
  const known = error instanceof QuerentError;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const code = known ? error.code : ((error as { code?: string } | null)?.code ?? 'ERR_QUERENT_INTERNAL');
  process.stderr.write(`querent: ${oneLine(message)} [${code}]\n`);
  if (debug) process.stderr.write(`${stack ?? ''}\n`);
  return known && (error instanceof UsageError || code === 'ERR_QUERENT_ARGUMENT') ? EXIT.usage : EXIT.failure;
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}

/** A reader that has seen enough (`| head`) closes the pipe: that is no failure, and there is nobody left to tell. */
function leaveQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.good);
      throw error;
    });
  }
}

leaveQuietlyOnClosedPipe();
main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    throw error;
  },
);
