/**
 * A step of `npm run build`: compiles ahead, into the package's own folder, the Poseidon blocks of every size. What is
 * there and up to date is left, what is outdated is removed.
 */
import { compileGadgets } from './compile.js';
import { gadgetRecipe, gadgetStore, PACKAGE_FOLDER } from './cache.js';
import { PACKAGED } from './packaged.js';

await compileGadgets(PACKAGED, { gadgetFolders: [PACKAGE_FOLDER] });
gadgetStore(PACKAGE_FOLDER).keepOnly(PACKAGED.map(gadgetRecipe));
