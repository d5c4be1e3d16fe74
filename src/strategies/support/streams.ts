/** What the seed of a query is used for; each use has its own stream of Philox counters. */
export const DRAW_CANDIDATES = 64;
export const DRAW_REFERENCE = 65;
export const DRAW_CLUSTERED = 66;
export const DRAW_LABELED = 67;
export const DRAW_TRAINING = 68;
export const DRAW_CENTRES = 69;
export const DRAW_RADIUS = 70;
export const DRAW_WEIGHTS = 71;
export const DRAW_ORDER = 72;
export const DRAW_PROXY = 73;
