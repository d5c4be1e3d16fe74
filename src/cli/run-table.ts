import { interactiveArms } from '../experiment/arms.js';
import { armsOf, type ExperimentConfig } from '../experiment/config.js';
import type { RoundRecord } from '../experiment/records.js';
import { percent } from '../report/format.js';
import { alignTable, type Effects, formatSeconds } from './effects.js';

/** Shows how an experiment goes, on stderr. */
export interface LiveTable {
  add(record: RoundRecord): void;
  /** Take it off the terminal, so that a line can be printed; it comes back with the next round. */
  clear(): void;
  /** Leave the last state standing. */
  done(): void;
}

/**
 * On a terminal a table that is redrawn, one line per strategy and one for the whole; elsewhere a line per round.
 */
export function liveTable(config: ExperimentConfig, stream: Effects['stderr']): LiveTable {
  return stream.isTTY === true ? redrawn(config, stream) : printed(config, stream);
}

function printed(config: ExperimentConfig, stream: Effects['stderr']): LiveTable {
  const width = Math.max(...armsOf(config).map(({ label }) => label.length));
  const interactive = interactiveArms(config);
  return {
    add({ strategy, seed, round, labels, accuracy, seconds }) {
      const { train, score, select, evaluate, learner = 0 } = seconds;
      const total = train + score + select + evaluate + learner;
      const where = `${strategy.padEnd(width)}  seed ${seed}  round ${String(round).padStart(2)}`;
      const choosing = interactive.has(strategy) ? `  choosing ${percent(select / (total || 1))}` : '';
      const result = `${String(labels).padStart(4)} labels  accuracy ${percent(accuracy)}`;
      stream.write(`${where}  ${result}  ${formatSeconds(total)}${choosing}\n`);
    },
    clear: () => undefined,
    done: () => undefined,
  };
}

function redrawn(config: ExperimentConfig, stream: Effects['stderr']): LiveTable {
  const records: RoundRecord[] = [];
  const began = performance.now();
  let height = 0;

  function clear(): void {
    if (height > 0) stream.write(`\x1b[${height}A\x1b[J`);
    height = 0;
  }

  function draw(): void {
    clear();
    const width = (stream.columns || 80) - 1; // some terminals say 0
    const lines = [...tableOf(config, records).trimEnd().split('\n'), progressOf(config, records, began)];
    stream.write(lines.map((line) => `${line.slice(0, width)}\n`).join(''));
    height = lines.length;
  }

  draw();
  return {
    add(record) {
      records.push(record);
      draw();
    },
    clear,
    done: () => {
      height = 0;
    },
  };
}

function tableOf(config: ExperimentConfig, records: readonly RoundRecord[]): string {
  const rows = armsOf(config).map(({ label }) => {
    const own = records.filter(({ strategy }) => strategy === label);
    const last = own.at(-1);
    const finished = own.filter(({ stop }) => stop !== undefined);
    const mean = finished.reduce((sum, { accuracy }) => sum + accuracy, 0) / finished.length;
    return [
      label,
      last === undefined ? '' : String(last.seed),
      last === undefined ? '' : String(last.labels),
      last === undefined ? '' : percent(last.accuracy),
      `${finished.length} of ${config.seeds.length}`,
      finished.length === 0 ? '' : percent(mean),
    ];
  });
  return alignTable(['strategy', 'seed', 'labels', 'accuracy', 'finished', 'mean at the end'], rows, 1);
}

function progressOf(config: ExperimentConfig, records: readonly RoundRecord[], began: number): string {
  const { initial, batch, budget, seeds, strategies } = config;
  const total = (1 + Math.ceil((budget - initial) / batch)) * seeds.length * strategies.length;
  const share = Math.min(1, records.length / total);
  const seconds = (performance.now() - began) / 1000;
  const left = share > 0 && share < 1 ? `, about ${formatSeconds((seconds / share) * (1 - share))} left` : '';
  const filled = Math.round(share * 20);
  return `${'█'.repeat(filled)}${'░'.repeat(20 - filled)}  round ${records.length} of ${total}${left}`;
}
