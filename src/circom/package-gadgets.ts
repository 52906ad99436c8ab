/**
 * A step of `npm run build`: compiles ahead, into the package's own folder, the gadgets that take circom longest and
 * that nearly every model uses, the Poseidon blocks of every size. What is there and up to date is left, what is
 * outdated is removed.
 */
import { compileGadgets } from './compile.js';
import { gadgetRecipe, gadgetStore, PACKAGE_FOLDER } from './cache.js';
import { poseidonBlock, type GadgetSpec } from '../gadgets/index.js';

/** A block takes the salt or the block before it, and 1 to 15 words. */
const PACKAGED: readonly GadgetSpec[] = Array.from({ length: 15 }, (_, i) => poseidonBlock.with({ n: i + 2 }));

await compileGadgets(PACKAGED, { gadgetFolders: [PACKAGE_FOLDER] });
gadgetStore(PACKAGE_FOLDER).keepOnly(PACKAGED.map(gadgetRecipe));
