/** Reading a proof for `verify` and `submit`. */
import { join } from 'node:path';
import { proofFromJson, type ProofFile } from '../workflow/proof-file.js';
import { readUserText } from './files.js';

/**
 * The proof that the options name: by default the one `prove` left in the build folder. @throws BuildFolderError where
 * that holds no build, FileError, ProofFormatError
 */
export async function readProof(
  folder: string,
  { proof, public: publicPath }: { readonly proof?: string; readonly public?: string },
): Promise<ProofFile> {
  // A folder that is no build has no proof either; of the two, that it is none is what helps.
  if (proof === undefined) await (await import('../workflow/build-folder.js')).readManifest(folder);
  const path = proof ?? join(folder, 'proof.json');
  const text = await readUserText(path, 'the proof');
  return proofFromJson(
    text,
    path,
    publicPath === undefined ? undefined : await readUserText(publicPath, 'the public signals'),
  );
}
