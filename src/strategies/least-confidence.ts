import { uncertaintyType } from './uncertainty.js';

/**
 * Least confidence: the samples whose likeliest class is least likely, 1 − p₁.
 *
 * @see Lewis, Gale: A Sequential Algorithm for Training Text Classifiers. SIGIR 1994.
 */
export const leastConfidence = uncertaintyType('least-confidence', 'least likely best class');
