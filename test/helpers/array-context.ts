import type { QueryContext } from '../../src/index.js';

/** What a test hands a strategy: rows by pool index. Whatever is left out is refused. */
export interface ArrayWorld extends Partial<Omit<QueryContext, 'predict' | 'embed' | 'members' | 'samples'>> {
  /** Class probabilities of every pool sample. */
  readonly predictions?: readonly (readonly number[])[];
  readonly embeddings?: readonly (readonly number[])[];
  readonly features?: readonly (readonly number[])[];
  /** By member, then by pool sample. */
  readonly committee?: readonly (readonly (readonly number[])[])[];
}

function gather(name: string, table: readonly (readonly number[])[] | undefined, indices: Uint32Array) {
  if (table === undefined) throw new Error(`${name}: not asked for`);
  const data = Float32Array.from([...indices].flatMap((index) => [...table[index]!]));
  return { data, rows: indices.length, cols: table[0]!.length };
}

/** A context over small tables; the pool is all of it unless `unlabeled` says otherwise. */
export function arrayContext(world: ArrayWorld): QueryContext {
  const { predictions, embeddings, features, committee, ...rest } = world;
  const tables = predictions ?? embeddings ?? features ?? committee?.[0] ?? [];
  return {
    unlabeled: Uint32Array.from(tables.keys()),
    labeled: new Uint32Array(0),
    labels: new Uint32Array(0),
    classes: predictions?.[0]?.length ?? committee?.[0]?.[0]?.length ?? 2,
    seed: 1,
    round: 1,
    predict: async (indices) => gather('predict', predictions, indices),
    embed: async (indices) => gather('embed', embeddings, indices),
    members: async (indices) => {
      const parts = (committee ?? []).map((member) => gather('members', member, indices));
      const data = Float32Array.from(parts.flatMap((part) => [...part.data]));
      return { ...gather('members', committee?.[0], indices), data, passes: parts.length };
    },
    samples: (indices) => gather('samples', features, indices),
    log: () => undefined,
    ...rest,
  };
}
