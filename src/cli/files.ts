/** The command line's reading of users' files. */
import { readUserFile } from '../user-file.js';
import { decodeText } from '../user-json.js';

export { readUserFile } from '../user-file.js';

export async function readUserText(path: string, what: string): Promise<string> {
  return decodeText(await readUserFile(path, what));
}
