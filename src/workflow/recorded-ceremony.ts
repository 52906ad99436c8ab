/**
 * Whether a build's proving key comes from the ceremony that its manifest tells of. The contributors' hashes stand in
 * both, and people read the manifest's: a name there that the key does not bear would be believed.
 */
import type { KeyRecord } from '../groth16/ceremony.js';
import type { Manifest } from '../manifest.js';
import { BuildMismatchError } from './public-signals.js';

/**
 * @throws BuildMismatchError where the key names other contributions than the manifest, FormatError where it names none
 *   that can be read
 */
export async function requireRecordedCeremony(
  folder: string,
  { keys }: Pick<Manifest, 'keys'>,
  zkey: string,
): Promise<void> {
  if (keys?.kind !== 'ptau') return;
  const { readKeyRecord } = await import('../groth16/key-record.js');
  requireRecorded(folder, keys, await readKeyRecord(zkey));
}

/** The same of what a key was found to say of itself. @throws BuildMismatchError */
export function requireRecorded(
  folder: string,
  keys: Manifest['keys'],
  record: Pick<KeyRecord, 'circuitHash' | 'contributions'>,
): void {
  if (keys?.kind !== 'ptau') return;
  const defect = defectOf(keys, record);
  if (defect === undefined) return;
  throw new BuildMismatchError(
    `${folder}: the manifest says that a ceremony made the proving key, and ${defect}; do not use this build, or take the ceremony's last key ` +
      `yourself: zkinfer setup ${folder} --ptau FILE --import KEY.zkey --force`,
  );
}

function defectOf(
  { contributions, ceremonyCircuitHash }: NonNullable<Manifest['keys']>,
  record: Pick<KeyRecord, 'circuitHash' | 'contributions'>,
): string | undefined {
  if (record.contributions.length === 0) return 'the key names no contribution';
  // Earlier versions recorded neither.
  if (ceremonyCircuitHash !== undefined && ceremonyCircuitHash !== record.circuitHash)
    return 'the key names another circuit hash';
  if (contributions === undefined) return undefined;
  const told = ({ kind, hash, name, beacon, iterationsExp }: KeyRecord['contributions'][number]): string =>
    JSON.stringify([kind, hash, name, beacon, iterationsExp]);
  const same =
    contributions.length === record.contributions.length &&
    contributions.every((one, i) => told(one) === told(record.contributions[i]));
  return same ? undefined : 'the key names other contributions than the manifest';
}
