/** A process of an experiment: does one run after the other, as it is told. Started by the crew (crew.ts), never imported. */
import { describeEnvironment } from './environment.js';
import { checkFits, loadConfigured, runOne, type Setting } from './run-one.js';
import { RunState } from './run-state.js';
import { type FromWorker, plainError, type ToWorker } from './worker-messages.js';

/** How often it tells its memory, for systems where nobody else can see it. */
const MEMORY_MS = 500;

let setting: Setting | undefined;
let recorded: (() => void) | undefined;

function tell(message: FromWorker): void {
  process.send?.(message);
}

async function begin({ config, dataset: given, dataDir }: Extract<ToWorker, { type: 'begin' }>): Promise<void> {
  try {
    const log = (message: string): void => tell({ type: 'log', message });
    const dataset = given ?? (await loadConfigured(config, { dataDir }));
    checkFits(config, dataset);
    const environment = await describeEnvironment(log);
    setting = { config, dataset, log };
    tell({ type: 'ready', environment, source: dataset.source });
  } catch (error) {
    tell({ type: 'unable', error: plainError(error) });
  }
}

async function run({ key, state }: Extract<ToWorker, { type: 'run' }>): Promise<void> {
  const task = { key, state: state === undefined ? undefined : new RunState(state) };
  try {
    const stop = await runOne(task, setting as Setting, {
      onEntry: (entry) =>
        new Promise((resolve) => {
          recorded = resolve;
          tell({ type: 'entry', entry });
        }),
    });
    tell({ type: 'done', stop });
  } catch (error) {
    tell({ type: 'failed', error: plainError(error) });
  }
}

process.on('message', (message: ToWorker) => {
  if (message.type === 'begin') void begin(message);
  else if (message.type === 'run') void run(message);
  else recorded?.();
});
process.on('disconnect', () => process.exit(0)); // the experiment is over, or was killed: nobody would hear of more rounds
// Ctrl-C reaches every process of the terminal; the experiment decides what becomes of its workers
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => undefined);
setInterval(() => tell({ type: 'memory', megabytes: process.memoryUsage.rss() / 1e6 }), MEMORY_MS).unref();
