import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** What a result depends on beside the code. */
export interface MachineInfo {
  readonly cpu: string;
  readonly cores: number;
  /** The flags that decide which kernels run. */
  readonly flags: readonly string[];
  /** e.g. 'L2 2048K', of the first core. */
  readonly caches: readonly string[];
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** 1, 5 and 15 minutes: above the number of cores, times are those of a busy machine. */
  readonly loadAverage: readonly number[];
}

const TELLING_FLAGS = /^(avx|avx2|fma|f16c|avx512.*|amx.*|neon|asimd|asimdhp|sve|sve2)$/;

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function cpuFlags(): string[] {
  const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readText('/proc/cpuinfo'))?.[1] ?? '';
  return line.split(/\s+/).filter((flag) => TELLING_FLAGS.test(flag));
}

function cpuCaches(): string[] {
  const base = '/sys/devices/system/cpu/cpu0/cache';
  let entries: string[];
  try {
    entries = readdirSync(base).filter((name) => name.startsWith('index'));
  } catch {
    return [];
  }
  return entries.sort().map((name) => {
    const level = readText(`${base}/${name}/level`);
    const type = readText(`${base}/${name}/type`);
    const suffix = type === 'Data' ? 'd' : type === 'Instruction' ? 'i' : '';
    return `L${level}${suffix} ${readText(`${base}/${name}/size`)}`;
  });
}

export function describeMachine(): MachineInfo {
  return {
    cpu: cpus()[0]?.model.trim() ?? arch(),
    cores: cpus().length,
    flags: cpuFlags(),
    caches: cpuCaches(),
    memoryBytes: totalmem(),
    system: `${platform()} ${arch()} ${release()}`,
    node: process.version,
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}

/** The commit of a checkout, with '-dirty' where files differ from it; null in an installed package. */
export function currentCommit(): string | null {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    if (git('rev-parse', '--show-prefix') !== '') return null; // some other repository around an installed package
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '-dirty');
  } catch {
    return null;
  }
}
