import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UnavailableError } from '../../errors.js';
import type { Measured } from './measure.js';

/** bench/peers.py of the package; the same distance from src/cli/bench and dist/cli/bench. */
const PEERS_SCRIPT = fileURLToPath(new URL('../../../bench/peers.py', import.meta.url));

/** One thread, whichever library NumPy was built with. */
const ONE_THREAD = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  BLIS_NUM_THREADS: '1',
  VECLIB_MAXIMUM_THREADS: '1',
  NUMEXPR_NUM_THREADS: '1',
};

interface Answer {
  error?: string;
  wall?: number;
  cpu?: number;
  check?: number;
  versions?: Record<string, string>;
  peers?: string[];
}

/** A Python process that runs peers on request, one at a time, while this process waits: the two never compete. */
export class PythonPeers {
  readonly versions: Readonly<Record<string, string>>;
  readonly peers: ReadonlySet<string>;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, hello: Answer) {
    this.#child = child;
    this.#lines = lines;
    this.versions = hello.versions ?? {};
    this.peers = new Set(hello.peers);
  }

  /**
   * Start the peers with the first Python that has NumPy.
   *
   * @param python Only this interpreter; its absence is an error.
   * @returns Undefined when no interpreter with NumPy is found.
   * @throws {UnavailableError} The interpreter that was asked for does not run the peers.
   */
  static async start(python?: string): Promise<PythonPeers | undefined> {
    const candidates = python === undefined ? interpreters() : [python];
    for (const candidate of candidates) {
      const started = await tryStart(candidate);
      if (started !== undefined) return new PythonPeers(started.child, started.lines, started.hello);
    }
    if (python === undefined) return undefined;
    throw new UnavailableError(
      `${python} does not run ${PEERS_SCRIPT}; it needs NumPy, and SciPy for most peers (node bench/setup-peers.mjs)`,
    );
  }

  load(name: string, path: string): Promise<void> {
    return this.#ask({ cmd: 'load', name, path }).then(() => undefined);
  }

  set(name: string, value: number): Promise<void> {
    return this.#ask({ cmd: 'set', name, value }).then(() => undefined);
  }

  clear(): Promise<void> {
    return this.#ask({ cmd: 'clear' }).then(() => undefined);
  }

  prepare(peer: string): Promise<void> {
    return this.#ask({ cmd: 'prepare', peer }).then(() => undefined);
  }

  async run(peer: string): Promise<Measured> {
    const { wall, cpu, check } = await this.#ask({ cmd: 'run', peer });
    if (wall === undefined || cpu === undefined) throw new UnavailableError(`${peer} answered without a time`);
    return check === undefined ? { wall, cpu } : { wall, cpu, check };
  }

  stop(): void {
    this.#child.stdin?.end();
  }

  #ask(request: object): Promise<Answer> {
    return ask(this.#child, this.#lines, request);
  }
}

async function ask(child: ChildProcess, lines: AsyncIterator<string>, request: object): Promise<Answer> {
  child.stdin?.write(`${JSON.stringify(request)}\n`);
  const line = await lines.next();
  if (line.done) throw new UnavailableError('the Python process of the peers has ended');
  const answer = JSON.parse(line.value) as Answer;
  if (answer.error !== undefined) throw new UnavailableError(`a Python peer failed: ${answer.error}`);
  return answer;
}

async function tryStart(
  python: string,
): Promise<{ child: ChildProcess; lines: AsyncIterator<string>; hello: Answer } | undefined> {
  if (!existsSync(PEERS_SCRIPT)) return undefined;
  const child = spawn(python, [PEERS_SCRIPT], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...ONE_THREAD },
  });
  const failed = new Promise<undefined>((resolve) => child.once('error', () => resolve(undefined)));
  child.stdin.on('error', () => undefined); // it may end before it reads; the missing answer tells
  const reader: Interface = createInterface({ input: child.stdout });
  const lines = reader[Symbol.asyncIterator]();
  const hello = await Promise.race([failed, ask(child, lines, { cmd: 'hello' }).catch(() => undefined)]);
  if (hello === undefined) child.kill();
  return hello && { child, lines, hello };
}

function interpreters(): string[] {
  const windows = process.platform === 'win32';
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const cached = join(cache, 'querent', 'bench-venv', windows ? 'Scripts/python.exe' : 'bin/python');
  const asked = process.env.QUERENT_BENCH_PYTHON;
  return [...(asked ? [asked] : []), ...(existsSync(cached) ? [cached] : []), windows ? 'python' : 'python3'];
}
