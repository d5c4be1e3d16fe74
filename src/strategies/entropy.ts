import { uncertaintyType } from './uncertainty.js';

/**
 * Entropy sampling: the samples whose predicted distribution is widest, −Σ p ln p in nats.
 *
 * @see Settles: Active Learning Literature Survey. University of Wisconsin-Madison, 2009, section 3.1.
 */
export const entropy = uncertaintyType('entropy', 'widest predicted distribution');
