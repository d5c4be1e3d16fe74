import type { Estimate } from '../experiment/statistics/estimate.js';

/** 0.9612 -> 96.1 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A share with its interval: 96.1 ± 1.2 %. */
export function percentEstimate({ mean, interval }: Estimate): string {
  return interval === null ? percent(mean) : `${(100 * mean).toFixed(1)} ± ${(100 * interval).toFixed(1)} %`;
}

/** A number with its interval: 0.142 ± 0.021. */
export function numberEstimate({ mean, interval }: Estimate): string {
  return interval === null ? mean.toFixed(3) : `${mean.toFixed(3)} ± ${interval.toFixed(3)}`;
}

/** 0.034 s, 0.34 s, 12.3 s, 4.1 min. */
export function duration(seconds: number): string {
  if (seconds >= 120) return `${(seconds / 60).toFixed(1)} min`;
  if (seconds >= 10) return `${seconds.toFixed(1)} s`;
  return `${seconds.toFixed(seconds >= 0.1 ? 2 : 3)} s`;
}
