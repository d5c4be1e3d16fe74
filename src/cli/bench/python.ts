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
  NUMBA_NUM_THREADS: '1',
};

/** What the peers of a case work on: an array in a .npy file, or a number. */
export type Input =
  { readonly name: string; readonly path: string } | { readonly name: string; readonly value: number };

interface Answer {
  error?: string;
  wall?: number;
  cpu?: number;
  check?: number;
  peak?: number;
  versions?: Record<string, string>;
  peers?: string[];
}

/** A process of peers.py and the lines that it writes. */
interface Conversation {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

/** A Python process that runs peers on request, one at a time, while this process waits: the two never compete. */
export class PythonPeers {
  readonly versions: Readonly<Record<string, string>>;
  readonly peers: ReadonlySet<string>;
  readonly #python: string;
  readonly #conversation: Conversation;

  private constructor(python: string, conversation: Conversation, hello: Answer) {
    this.#python = python;
    this.#conversation = conversation;
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
      if (started !== undefined) return new PythonPeers(candidate, started.conversation, started.hello);
    }
    if (python === undefined) return undefined;
    throw new UnavailableError(
      `${python} does not run ${PEERS_SCRIPT}; it needs NumPy, and SciPy for most peers (node bench/setup-peers.mjs)`,
    );
  }

  give(input: Input): Promise<void> {
    return give(this.#conversation, input);
  }

  clear(): Promise<void> {
    return this.#ask({ cmd: 'clear' }).then(() => undefined);
  }

  prepare(peer: string): Promise<void> {
    return this.#ask({ cmd: 'prepare', peer }).then(() => undefined);
  }

  async run(peer: string): Promise<Measured> {
    return measured(peer, await this.#ask({ cmd: 'run', peer }));
  }

  /** Run a peer once in a fresh process, which tells its peak memory, too. */
  async alone(peer: string, inputs: readonly Input[]): Promise<Measured> {
    const conversation = launch(this.#python);
    try {
      for (const input of inputs) await give(conversation, input);
      return measured(peer, await ask(conversation, { cmd: 'alone', peer }));
    } finally {
      conversation.child.kill();
    }
  }

  stop(): void {
    this.#conversation.child.stdin?.end();
  }

  #ask(request: object): Promise<Answer> {
    return ask(this.#conversation, request);
  }
}

async function give(conversation: Conversation, input: Input): Promise<void> {
  await ask(conversation, { cmd: 'path' in input ? 'load' : 'set', ...input });
}

function measured(peer: string, { wall, cpu, check, peak }: Answer): Measured {
  if (wall === undefined || cpu === undefined) throw new UnavailableError(`${peer} answered without a time`);
  return { wall, cpu, ...(check === undefined ? {} : { check }), ...(peak === undefined ? {} : { peakBytes: peak }) };
}

async function ask({ child, lines }: Conversation, request: object): Promise<Answer> {
  child.stdin?.write(`${JSON.stringify(request)}\n`);
  const line = await lines.next();
  if (line.done) throw new UnavailableError('the Python process of the peers has ended');
  const answer = JSON.parse(line.value) as Answer;
  if (answer.error !== undefined) throw new UnavailableError(`a Python peer failed: ${answer.error}`);
  return answer;
}

function launch(python: string): Conversation {
  const child = spawn(python, [PEERS_SCRIPT], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...ONE_THREAD },
  });
  child.on('error', () => undefined); // it may not start, or end before it reads; the missing answer tells
  child.stdin.on('error', () => undefined);
  const reader: Interface = createInterface({ input: child.stdout });
  return { child, lines: reader[Symbol.asyncIterator]() };
}

async function tryStart(python: string): Promise<{ conversation: Conversation; hello: Answer } | undefined> {
  if (!existsSync(PEERS_SCRIPT)) return undefined;
  const conversation = launch(python);
  const { child } = conversation;
  const failed = new Promise<undefined>((resolve) => child.once('error', () => resolve(undefined)));
  const hello = await Promise.race([failed, ask(conversation, { cmd: 'hello' }).catch(() => undefined)]);
  if (hello === undefined) child.kill();
  return hello && { conversation, hello };
}

function interpreters(): string[] {
  const windows = process.platform === 'win32';
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const cached = join(cache, 'querent', 'bench-venv', windows ? 'Scripts/python.exe' : 'bin/python');
  const asked = process.env.QUERENT_BENCH_PYTHON;
  return [...(asked ? [asked] : []), ...(existsSync(cached) ? [cached] : []), windows ? 'python' : 'python3'];
}
