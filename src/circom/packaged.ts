/** Gadgets that are compiled ahead: those that take circom longest and that nearly every model uses. */
import { poseidonBlock, type GadgetSpec } from '../gadgets/index.js';

/** A block takes the salt or the block before it, and 1 to 15 words. */
export const PACKAGED: readonly GadgetSpec[] = Array.from({ length: 15 }, (_, i) => poseidonBlock.with({ n: i + 2 }));
