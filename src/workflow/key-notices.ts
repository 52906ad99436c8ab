/** What is said of keys by how they were made. */

/** What everyone who uses development keys must know. */
export function developmentKeysNotice(folder: string): string {
  return (
    'development keys, made on this one machine: whoever made them could forge proofs. For production hold a ceremony: ' +
    `zkinfer setup ${folder} --ptau FILE, contributions by several people, zkinfer setup ${folder} --ptau FILE --import KEY (docs/ceremony.md).`
  );
}

/** What one contribution is worth. */
export const ONE_CONTRIBUTION_NOTICE =
  'one contribution, made on this one machine: whoever ran it could have kept its secret and forge proofs. Have others contribute, too.';
