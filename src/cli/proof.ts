/** Reading a proof for `verify` and `submit`. */
import { proofFromJson, type ProofFile } from '../workflow/proof-file.js';
import { readUserText } from './files.js';

export async function readProof(path: string, publicPath?: string): Promise<ProofFile> {
  const text = await readUserText(path, 'the proof');
  return proofFromJson(text, path, publicPath === undefined ? undefined : await readUserText(publicPath, 'the public signals'));
}
