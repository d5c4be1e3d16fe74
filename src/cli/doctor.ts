import { arch, cpus, platform, totalmem } from 'node:os';
import { Command } from 'commander';
import { EXIT, formatBytes, print, processEffects } from './effects.js';

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  /** 'absent' is a thing that is optional and not there. */
  readonly state: 'good' | 'bad' | 'absent';
  readonly text: string;
  /** What to do; on everything that is not good and can be helped. */
  readonly fix?: string;
}

const OLDEST_NODE = [20, 19] as const;
const MARKS = { good: '✔', bad: '✘', absent: '–' } as const;

/** `querent doctor`. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('tell what runs here, with the fix for what does not; exit code 1 when something needs fixing')
    .option('--json', 'print the findings as JSON')
    .action(async (options: { json?: boolean }) => {
      const { stdout, signal } = processEffects();
      const findings = await examine(signal);
      const healthy = findings.every(({ state }) => state !== 'bad');
      await print(stdout, options.json ? `${JSON.stringify({ healthy, findings })}\n` : describe(findings));
      if (!healthy) process.exitCode = EXIT.failure;
    });
}

async function examine(signal: AbortSignal): Promise<Finding[]> {
  const { runtimeInfo } = await import('../index.js');
  const info = runtimeInfo();
  return [
    node(),
    { name: 'machine', state: 'good', text: machine() },
    info.addon === null
      ? {
          name: 'addon',
          state: 'bad',
          text:
            info.addonMissing?.why.replace(/\s+/g, ' ') ??
            'switched off; the TypeScript reference computes, far slower',
          fix: info.addonMissing?.fix ?? 'unset QUERENT_ADDON and QUERENT_LEVEL',
        }
      : { name: 'addon', state: 'good', text: info.addon.path },
    { name: 'level', state: 'good', text: `${info.level} (of ${info.levels.join(', ')})` },
    { name: 'threads', state: 'good', text: String(info.threads) },
    info.cuda.available
      ? { name: 'cuda', state: 'good', text: 'available' }
      : { name: 'cuda', state: 'absent', text: info.cuda.why ?? 'not available' },
    await tensorflow(signal),
  ];
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const text = `${process.version} (${process.execPath})`;
  if (recent) return { name: 'node', state: 'good', text };
  return { name: 'node', state: 'bad', text, fix: `install Node ${OLDEST_NODE.join('.')} or newer` };
}

function machine(): string {
  const [first] = cpus();
  return `${platform()}-${arch()}, ${cpus().length} x ${first?.model.trim() ?? 'unknown CPU'}, ${formatBytes(totalmem())}`;
}

/** Looked at in a child process: a TensorFlow that crashes must not take the doctor with it. */
async function tensorflow(signal: AbortSignal): Promise<Finding> {
  const { findPackage, TFJS_NODE_VERSION } = await import('../tensorflow/packages.js');
  const { verifyTensorflow } = await import('../tensorflow/verify.js');
  const name = 'tensorflow';
  const place = findPackage('@tensorflow/tfjs-node');
  if (place === undefined) {
    const fix = `npm install --ignore-scripts @tensorflow/tfjs-node@${TFJS_NODE_VERSION} && npx querent setup tensorflow`;
    return {
      name,
      state: 'absent',
      text: '@tensorflow/tfjs-node is not installed; it is needed to train networks',
      fix,
    };
  }
  const { works, tensorflow: version, why } = await verifyTensorflow(place.folder, signal);
  if (works) {
    const text = `tfjs-node ${place.version} on TensorFlow ${version}, multiplies and trains (${place.folder})`;
    return { name, state: 'good', text };
  }
  return { name, state: 'bad', text: `tfjs-node ${place.version}: ${why}`, fix: 'npx querent setup tensorflow' };
}

function describe(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, state, text, fix }) => [
    `${MARKS[state]} ${name.padEnd(width)}  ${text}`,
    ...(fix === undefined ? [] : [`  ${' '.repeat(width)}  → ${fix}`]),
  ]);
  return `${lines.join('\n')}\n`;
}
