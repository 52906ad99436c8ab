/** `npm run docs`: writes the block `operators` of docs/operators.md. */
import { writeBlocks } from './document.js';
import { operatorTable } from './operators.js';

await writeBlocks({ operators: operatorTable() });
