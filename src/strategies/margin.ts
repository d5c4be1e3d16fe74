import { uncertaintyType } from './uncertainty.js';

/**
 * Margin sampling: the samples whose two likeliest classes are closest, 1 − (p₁ − p₂).
 *
 * @see Scheffer, Decomain, Wrobel: Active Hidden Markov Models for Information Extraction. IDA 2001.
 */
export const margin = uncertaintyType('margin', 'smallest gap between the two likeliest classes');
