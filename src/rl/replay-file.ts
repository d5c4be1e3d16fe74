/**
 * Files of replay buffers, little-endian:
 *     0        8 bytes   'querentR'
 *     8        u32       version, 1
 *     12       u32       bytes of the header
 *     16       JSON      { options, state: { size, next, samples, largest } }
 *              bytes     rows 0 .. size - 1 of the ring, the fields of a row one after the other
 *              f64       their priorities as they are stored (prioritised buffers only)
 *              32 bytes  SHA-256 of everything before it
 */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import type { NativeReplayStore, ReplayState } from '../contract/engine.js';
import { optionsOf, planReplay, type ReplayOptions, type ReplayPlan } from '../contract/replay-plan.js';
import { FormatError } from '../errors.js';
import { createAtomicFile, storageError } from '../pool/atomic.js';

const MAGIC = Buffer.from('querentR');
const VERSION = 1;
const PREFIX_BYTES = 16;
const MOST_HEADER_BYTES = 2 ** 24;
const CHECKSUM_BYTES = 32;
/** Bytes read or written at a time. */
const BLOCK_BYTES = 8 * 1024 * 1024;

const stateSchema = z.object({
  size: z.int().min(0),
  next: z.int().min(0),
  samples: z.int().min(0),
  largest: z.number().min(1),
});
const headerSchema = z.object({
  options: z.looseObject({ seed: z.string().regex(/^\d{1,20}$/) }),
  state: stateSchema,
});

/** A file whose header has been read and fits its size. */
export interface ReplayFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly options: ReplayOptions;
  readonly state: ReplayState;
  /** Everything before the rows. */
  readonly head: Uint8Array;
}

/** Rows (or priorities) of the ring that are read or written in one go. */
interface Block {
  readonly first: number;
  readonly count: number;
}

function* blocks(size: number, unitBytes: number): Generator<Block> {
  const step = Math.max(1, Math.floor(BLOCK_BYTES / unitBytes));
  for (let first = 0; first < size; first += step) yield { first, count: Math.min(step, size - first) };
}

function rowBytesOf({ columns }: ReplayPlan): number {
  return columns.reduce((sum, { elements, array }) => sum + elements * array.BYTES_PER_ELEMENT, 0);
}

const asBytes = (array: Float64Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** @throws {StorageError} The file cannot be written; an old one is untouched. */
export async function writeReplay(path: string, plan: ReplayPlan, store: NativeReplayStore): Promise<void> {
  const state = store.state();
  const file = await createAtomicFile(path);
  const hash = createHash('sha256');
  const write = (bytes: Uint8Array): Promise<void> => {
    hash.update(bytes);
    return file.write(bytes);
  };
  try {
    await write(headOf(plan, state));
    const rowBytes = rowBytesOf(plan);
    for (const { first, count } of blocks(state.size, rowBytes)) {
      const rows = new Uint8Array(count * rowBytes);
      store.readRows(first, count, rows);
      await write(rows);
    }
    if (plan.prioritized !== null) {
      for (const { first, count } of blocks(state.size, Float64Array.BYTES_PER_ELEMENT)) {
        const priorities = new Float64Array(count);
        store.readPriorities(first, count, priorities);
        await write(asBytes(priorities));
      }
    }
    await file.write(hash.digest());
    await file.commit();
  } finally {
    await file.discard();
  }
}

function headOf(plan: ReplayPlan, state: ReplayState): Uint8Array {
  const header = Buffer.from(JSON.stringify({ options: optionsOf(plan), state }));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.set(MAGIC);
  prefix.writeUInt32LE(VERSION, 8);
  prefix.writeUInt32LE(header.length, 12);
  return Buffer.concat([prefix, header]);
}

/**
 * Read the header of a file; close `handle` in the end.
 *
 * @throws {FormatError} It is no replay buffer, another version, damaged or cut short.
 * @throws {StorageError} It cannot be read.
 */
export async function openReplay(path: string): Promise<ReplayFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw storageError('read', path, error);
  }
  try {
    const head = await readHead(path, handle);
    const { options, state } = parseHeader(path, head.subarray(PREFIX_BYTES));
    const plan = checkedPlan(path, options);
    const { size, next } = state;
    const isWhole = size < plan.capacity ? next === size : size === plan.capacity && next < plan.capacity;
    if (!isWhole) throw damaged(path, `${size} rows, the next at ${next}, of ${plan.capacity}`);
    const unit = rowBytesOf(plan) + (plan.prioritized === null ? 0 : Float64Array.BYTES_PER_ELEMENT);
    const wanted = head.length + size * unit + CHECKSUM_BYTES;
    const found = await sizeOf(path, handle);
    if (found !== wanted) {
      throw new FormatError(`${path}: expected ${wanted} bytes for ${size} rows, found ${found}`);
    }
    return { path, handle, options, state, head };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readHead(path: string, handle: FileHandle): Promise<Uint8Array> {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  const read = await readAt(path, handle, prefix, 0);
  if (read < PREFIX_BYTES || !prefix.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new FormatError(`${path}: expected a replay buffer of querent, which starts with '${MAGIC.toString()}'`);
  }
  const version = prefix.readUInt32LE(8);
  if (version !== VERSION) throw new FormatError(`${path}: expected version ${VERSION}, got ${version}`);
  const bytes = prefix.readUInt32LE(12);
  if (bytes > MOST_HEADER_BYTES) throw damaged(path, `a header of ${bytes} bytes`);
  const head = Buffer.alloc(PREFIX_BYTES + bytes);
  if ((await readAt(path, handle, head, 0)) < head.length)
    throw new FormatError(`${path}: the file ends in its header`);
  return head;
}

function parseHeader(path: string, bytes: Uint8Array): { options: ReplayOptions; state: ReplayState } {
  try {
    const { options, state } = headerSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return { options: { ...options, seed: BigInt(options.seed) } as unknown as ReplayOptions, state };
  } catch (error) {
    throw damaged(path, 'a header that cannot be read', error);
  }
}

function checkedPlan(path: string, options: ReplayOptions): ReplayPlan {
  try {
    return planReplay(path, options);
  } catch (error) {
    throw damaged(path, 'options that no buffer has', error);
  }
}

function damaged(path: string, what: string, cause?: unknown): FormatError {
  return new FormatError(`${path}: expected a whole replay buffer, found ${what}; the file is damaged`, { cause });
}

async function sizeOf(path: string, handle: FileHandle): Promise<number> {
  try {
    return (await handle.stat()).size;
  } catch (error) {
    throw storageError('read', path, error);
  }
}

/** Fill `bytes` from `position`; the number of bytes that were there. */
async function readAt(path: string, handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0;
  try {
    while (done < bytes.length) {
      const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  } catch (error) {
    throw storageError('read', path, error);
  }
}

/**
 * Read rows and priorities into an empty store of the file's options.
 *
 * @throws {FormatError} They do not match the checksum.
 */
export async function fillReplay(file: ReplayFile, plan: ReplayPlan, store: NativeReplayStore): Promise<void> {
  const { path, handle, state, head } = file;
  const hash = createHash('sha256').update(head);
  let position = head.length;
  const read = async (bytes: Uint8Array): Promise<void> => {
    const done = await readAt(path, handle, bytes, position);
    if (done < bytes.length) throw new FormatError(`${path}: the file was cut short while it was read`);
    position += done;
  };
  const rowBytes = rowBytesOf(plan);
  for (const { first, count } of blocks(state.size, rowBytes)) {
    const rows = new Uint8Array(count * rowBytes);
    await read(rows);
    hash.update(rows);
    store.writeRows(first, count, rows);
  }
  if (plan.prioritized !== null) {
    for (const { first, count } of blocks(state.size, Float64Array.BYTES_PER_ELEMENT)) {
      const priorities = new Float64Array(count);
      await read(asBytes(priorities));
      hash.update(asBytes(priorities));
      store.writePriorities(first, count, priorities);
    }
  }
  const checksum = new Uint8Array(CHECKSUM_BYTES);
  await read(checksum);
  if (!hash.digest().equals(checksum)) {
    throw new FormatError(`${path}: expected content that matches its checksum; the file is damaged`);
  }
}
