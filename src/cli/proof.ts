/** Reading a proof for `verify` and `submit`. */
import { join } from 'node:path';
import { proofFromJson, type ProofFile } from '../workflow/proof-file.js';
import { readUserText } from './files.js';

/** The proof that the options name: by default the one `prove` left in the build folder. */
export async function readProof(
  folder: string,
  {
    proof: path = join(folder, 'proof.json'),
    public: publicPath,
  }: { readonly proof?: string; readonly public?: string },
): Promise<ProofFile> {
  const text = await readUserText(path, 'the proof');
  return proofFromJson(
    text,
    path,
    publicPath === undefined ? undefined : await readUserText(publicPath, 'the public signals'),
  );
}
