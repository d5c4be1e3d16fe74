/** Kills `querent run` in the middle of its work. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { cliArguments } from './cli.js';

/** Start `querent` and send it a signal a moment after it has reported its n-th round. */
export function killAfter(
  args: string[],
  rounds: number,
  delayMs: number,
  signal: NodeJS.Signals,
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, cliArguments(...args), { stdio: ['ignore', 'ignore', 'pipe'] });
    let seen = 0;
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const before = seen;
      seen += text.split('\n').filter((line) => line.includes(' labels  accuracy')).length;
      if (before >= rounds || seen < rounds) return;
      setTimeout(() => {
        workers = childrenOf(child.pid);
        child.kill(signal);
      }, delayMs);
    });
    let workers: number[] = [];
    child.on('error', reject);
    child.on('close', (code) => {
      gone(workers).then(() => resolve(code), reject);
    });
  });
}

/** On Linux; elsewhere none is known. */
function childrenOf(pid: number | undefined): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Workers must end soon after the process that started them, however that ended. */
async function gone(pids: number[]): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const running = pids.filter((pid) => {
      try {
        return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      } catch {
        return false;
      }
    });
    if (running.length === 0) return;
    await delay(100);
  }
  throw new Error(`workers ${pids.join(', ')} outlive their experiment`);
}
