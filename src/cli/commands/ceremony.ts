/** `zkinfer ceremony`: contributions to a key, and what others can check of them. */
import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../../errors.js';
import type { BackendChoice } from '../../groth16/backends.js';
import { CeremonyError, type ContributionRecord, type KeyRecord } from '../../groth16/ceremony.js';
import type { CircuitInput } from '../../groth16/types.js';
import type { Manifest } from '../../manifest.js';
import { readUserFile } from '../files.js';
import { backendFor, backendOption, jsonOption, wholeNumber } from '../options.js';
import { execute, showingShare, type Session } from '../session.js';
import { oneLine } from '../terminal.js';

interface Flags {
  readonly name?: string;
  readonly entropyFile?: string;
  readonly hash?: string;
  readonly iterationsExp?: number;
  readonly build?: string;
  readonly r1cs?: string;
  readonly ptau?: string;
  readonly ptauHash?: string;
  readonly force?: boolean;
  readonly backend: BackendChoice;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .command('contribute')
    .description('multiply a secret into a key (.zkey) and forget it; the hash printed is what you publish')
    .argument('<old>', 'the key as the contributor before left it')
    .argument('<new>', 'where the key goes')
    .option('--name <name>', 'who contributes; stands in the key for all to see')
    .option('--entropy-file <file>', "mixed with the system's randomness; neither kept nor shown")
    .option('--force', 'overwrite <new>')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action((old: string, target: string, flags: Flags) => contribute(old, target, flags));
  command
    .command('beacon')
    .description('end a ceremony with a value that nobody could foresee, such as the hash of a block announced before')
    .argument('<old>', "the last contributor's key")
    .argument('<new>', 'where the key goes')
    .requiredOption('--hash <hex>', 'the value, 1 to 255 bytes')
    .requiredOption('--iterations-exp <n>', '10 to 63: SHA-256 is applied 2^n times', wholeNumber)
    .option('--name <name>', 'where the value came from')
    .option('--force', 'overwrite <new>')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action((old: string, target: string, flags: Flags) => beacon(old, target, flags));
  command
    .command('verify')
    .description('check a key against circuit and powers of tau; exit code 0 only if every contribution holds')
    .argument('<key>', 'the key (.zkey)')
    .option('--build <folder>', 'the build whose circuit it is for')
    .option('--r1cs <file>', 'the circuit, where there is no build')
    .requiredOption('--ptau <file>', 'the prepared powers of tau that the key comes from')
    .option('--ptau-hash <sha256>', 'the powers are known by this hash; otherwise every point of them is checked')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action((key: string, flags: Flags) => verify(key, flags));
  command
    .command('transcript')
    .description('print what a key says of itself: circuit, contributors, hashes; checks nothing')
    .argument('<key>', 'the key (.zkey)')
    .addOption(backendOption())
    .addOption(jsonOption())
    .action((key: string, flags: Flags) =>
      execute(
        flags,
        async (session) => ({
          result: { key, ...(await backendFor(flags.backend, session).ceremony.inspectKey(key)) },
          ok: true,
        }),
        (record) => printRecord(record),
      ),
    );
}

async function contribute(old: string, target: string, flags: Flags): Promise<void> {
  await execute(
    flags,
    async (session) => {
      refuseOverwriting(target, flags);
      const entropy =
        flags.entropyFile === undefined ? undefined : await readUserFile(flags.entropyFile, 'the entropy');
      const { ceremony } = backendFor(flags.backend, session);
      const made = await staged(session, 'contributing', (options) =>
        ceremony.contribute(old, target, { name: flags.name, entropy, ...options }),
      );
      return { result: { key: target, ...made }, ok: true };
    },
    (result) =>
      [
        ...printContribution(result),
        `${target} written. Publish the hash, and give the key to the next contributor.`,
      ].join('\n'),
  );
}

async function beacon(old: string, target: string, flags: Flags): Promise<void> {
  await execute(
    flags,
    async (session) => {
      refuseOverwriting(target, flags);
      const value = bytesOf(flags.hash as string);
      const iterationsExp = flags.iterationsExp as number;
      const { ceremony } = backendFor(flags.backend, session);
      const made = await staged(session, 'applying the beacon', (options) =>
        ceremony.applyBeacon(old, target, { name: flags.name, value, iterationsExp, ...options }),
      );
      return { result: { key: target, ...made }, ok: true };
    },
    (result) => [...printContribution(result), `${target} written.`].join('\n'),
  );
}

async function verify(key: string, flags: Flags): Promise<void> {
  await execute(
    flags,
    async (session) => {
      const [{ powerOf }, { hashFile }] = await Promise.all([
        import('../../groth16/snarkjs-ceremony.js'),
        import('../../workflow/build-folder.js'),
      ]);
      const ptau = flags.ptau as string;
      const ptauHash = await hashFile(ptau);
      const wanted = flags.ptauHash?.toLowerCase().replace(/^(0x)?/, '0x');
      if (wanted !== undefined && wanted !== ptauHash)
        throw new CeremonyError(`${ptau} has the SHA-256 ${ptauHash}, not ${wanted}`);
      const { ceremony } = backendFor(flags.backend, session);
      const { circuit, manifest } = await circuitOf(flags);
      const record = await staged(session, 'verifying', (options) =>
        ceremony.verifyKey(key, { r1cs: circuit, ptau, checkPowers: wanted === undefined, ...options }),
      );
      const circuitHash = manifest?.circuitHash ?? (await hashFile(circuit as string));
      return {
        result: {
          valid: true,
          key,
          ...(manifest ? { modelHash: manifest.modelHash } : {}),
          sha256: { circuit: circuitHash, ptau: ptauHash, key: await hashFile(key) },
          ptauPower: await powerOf(ptau),
          ...record,
        },
        ok: true,
      };
    },
    (result) =>
      [
        'the key is valid: it comes from this circuit and these powers of tau by the contributions below, and by nothing else',
        `circuit (SHA-256)        ${result.sha256.circuit}`,
        ...(result.modelHash ? [`model (SHA-256)          ${result.modelHash}`] : []),
        `powers of tau (SHA-256)  ${result.sha256.ptau}, up to 2^${result.ptauPower}`,
        `key (SHA-256)            ${result.sha256.key}`,
        printRecord(result),
        'Who relies on it asks each contributor, or one whom they trust, whether the hash is theirs; one honest contributor is enough.',
      ].join('\n'),
  );
}

/** The circuit that the flags name: a file, or that of a build with its manifest. */
async function circuitOf({
  build,
  r1cs,
}: Flags): Promise<{ readonly circuit: CircuitInput; readonly manifest?: Manifest }> {
  if (build === undefined || r1cs !== undefined) {
    if (build !== undefined || r1cs === undefined)
      throw new UsageError('say which circuit the key is for: --build FOLDER or --r1cs FILE');
    return { circuit: r1cs };
  }
  const [{ readManifest }, circuitFile] = await Promise.all([
    import('../../workflow/build-folder.js'),
    import('../../workflow/circuit-file.js'),
  ]);
  const manifest = await readManifest(build);
  return { circuit: await circuitFile.circuitOf(build, manifest), manifest };
}

function staged<T>(
  session: Session,
  title: string,
  work: (options: {
    readonly signal: AbortSignal;
    readonly onProgress: (share: number, stage: string) => void;
  }) => Promise<T>,
): Promise<T> {
  return session.stage(title, (update) => work({ signal: session.signal, onProgress: showingShare(update) }));
}

function refuseOverwriting(target: string, { force }: Flags): void {
  const there = statSync(target, { throwIfNoEntry: false });
  // A key is put in place by a rename, which would replace a device or a pipe by a file.
  if (there !== undefined && !there.isFile()) throw new UsageError(`${target} is not a file; give the name of one`);
  if (force !== true && existsSync(target))
    throw new UsageError(`${target} exists; give another name, or --force to overwrite it`);
}

function bytesOf(hex: string): Uint8Array {
  const digits = hex.replace(/^0x/, '');
  if (!/^([0-9a-fA-F]{2})+$/.test(digits)) throw new UsageError('--hash takes bytes in hexadecimal, two digits each');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** The hash in four lines of four words, as snarkjs shows it, so that people can compare. */
function printHash(hash: string): string[] {
  const words = hash.match(/.{8}/g) ?? [];
  return [0, 4, 8, 12].map((first) => `    ${words.slice(first, first + 4).join(' ')}`);
}

function printContribution({ kind, name, hash, beacon, iterationsExp }: ContributionRecord): string[] {
  return [
    `${kind}${name === undefined ? '' : ` by ${oneLine(name)}`}${beacon === undefined ? '' : ` of ${beacon}, 2^${iterationsExp} times hashed`}, its hash:`,
    ...printHash(hash),
  ];
}

function printRecord({ circuitHash, contributions, finished, wires, publicSignals, domainSize }: KeyRecord): string {
  return [
    `${wires} wires, ${publicSignals} public signals, domain ${domainSize}`,
    'circuit hash:',
    ...printHash(circuitHash),
    ...contributions.flatMap((contribution, i) =>
      printContribution(contribution).map((line, k) => (k === 0 ? `${i + 1}. ${line}` : line)),
    ),
    ...(finished ? [] : ['UNFINISHED: nobody has contributed a secret; anybody could forge proofs under this key']),
  ].join('\n');
}
