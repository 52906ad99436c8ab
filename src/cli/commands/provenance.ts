/** `zkinfer provenance record | verify | lineage`. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { UsageError } from '../../errors.js';
import { ARTIFACT_KINDS } from '../../provenance/kinds.js';
import type {
  Contributor,
  ContributorSignature,
  Lineage,
  RecordedContent,
  RecordOptions,
  Verified,
} from '../../provenance/index.js';
import { address, hash, isAddress } from '../chain-values.js';
import { confirmationsOption, jsonOption, rpcOption, wholeNumber } from '../options.js';
import { execute } from '../session.js';

/** Loaded when used: IPFS's packages would slow the start of every other command. */
const provenance = () => import('../../provenance/index.js');

const buildOption = (): Option =>
  new Option(
    '--build <folder>',
    "folder with the chain's record and, without --rpc, the local chain: a model's build, or any other",
  ).default('provenance');
const ledgerOption = (): Option =>
  new Option('--ledger <address>', 'the provenance ledger (default: the one on record in the folder)').argParser(
    address,
  );
const storeOption = (): Option =>
  new Option(
    '--store <where>',
    'where content is kept: a folder, kubo:URL of a Kubo RPC, or arweave:URL of a gateway (default: provenance/blocks in the build folder)',
  );
const stepOption = (what: string): Option => new Option('--step <n>', what).argParser(bigNumber);

export function define(command: Command): void {
  addRecord(command);
  addVerify(command);
  addLineage(command);
}

interface RecordFlags extends Omit<RecordOptions, 'contributors' | 'signatures' | 'parents' | 'model'> {
  readonly build: string;
  readonly parent?: readonly string[];
  readonly contributor?: readonly Contributor[];
  readonly signature?: readonly string[];
  readonly model?: bigint | true;
  readonly signOnly?: boolean;
  readonly json?: boolean;
}

function addRecord(group: Command): void {
  group
    .command('record')
    .description(
      'record a file or folder as an artifact: hashed as by ipfs add -r --cid-version=1, stored, put on the ledger',
    )
    .argument('<path>', 'file or folder; for a checkpoint-batch, a folder with a file or folder for each checkpoint')
    .addOption(new Option('--kind <kind>', 'what it is').choices(ARTIFACT_KINDS.slice(1)).makeOptionMandatory())
    .addOption(new Option('--parent <id...>', 'artifacts it was made from').argParser(collect(hash)))
    .option('--licence <text>', 'SPDX identifier, or URI of the licence or consent', '')
    .addOption(
      new Option('--parents-bps <n>', 'part of its earnings that goes on to its parents, in 1/10,000').argParser(
        wholeNumber,
      ),
    )
    .addOption(
      new Option('--contributor <address[:weight]...>', 'who made it, and their share (default: the signer)').argParser(
        collect(contributor),
      ),
    )
    .addOption(
      new Option(
        '--signature <hex...>',
        "other contributors' signatures, from --sign-only; ADDRESS=hex for a wallet contract",
      ).argParser(collect((text) => text)),
    )
    .option('--sign-only', "print this signer's signature as a contributor, record nothing")
    .addOption(
      new Option('--model [id]', "link a model-version to a registered model (default: the build's own)").argParser(
        bigNumber,
      ),
    )
    .addOption(
      new Option('--model-version <n>', 'version of that model (default: the current one)').argParser(wholeNumber),
    )
    .addOption(stepOption('the checkpoint it was made from, where the parent is a batch'))
    .addOption(buildOption())
    .addOption(ledgerOption())
    .addOption(new Option('--registry <address>', 'registry of a new ledger, or of --model').argParser(address))
    .addOption(storeOption())
    .addOption(rpcOption())
    .addOption(confirmationsOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nThe signer comes from ZKINFER_PRIVATE_KEY, or from ZKINFER_KEYSTORE; local chains have one of their own. Storing on Arweave\nis paid by the wallet in the file ZKINFER_ARWEAVE_WALLET.',
    )
    .action(
      async (
        path: string,
        { build, parent, contributor: contributors, signature: signatures, model, signOnly, ...flags }: RecordFlags,
      ) => {
        const options: RecordOptions = {
          ...flags,
          parents: parent,
          contributors,
          signatures,
          model: model === true ? 'own' : model,
        };
        if (signOnly) {
          await execute(
            flags,
            async (session) => ({
              result: await session.stage('hashing and signing', async () =>
                (await provenance()).signContent(build, path, options),
              ),
              ok: true,
            }),
            printSignature,
          );
          return;
        }
        await execute(
          flags,
          async (session) => ({
            result: await session.stage('hashing and recording', async () =>
              (await provenance()).recordContent(build, path, options),
            ),
            ok: true,
          }),
          printRecorded,
        );
      },
    );
}

interface VerifyFlags {
  readonly build: string;
  readonly artifact?: string;
  readonly model?: bigint;
  readonly modelVersion?: number;
  readonly step?: bigint;
  readonly ledger?: string;
  readonly store?: string;
  readonly rpc?: string;
  readonly json?: boolean;
}

function addVerify(group: Command): void {
  group
    .command('verify')
    .description(
      'check local files against the ledger; exit code 0 only if they are what is recorded. Names the first file that differs',
    )
    .argument('[path]', 'file or folder; without it, everything recorded is fetched from the store and hashed again')
    .addOption(new Option('--artifact <id>', 'what it should be').argParser(hash))
    .addOption(new Option('--model <id>', 'or: a registered model').argParser(bigNumber))
    .addOption(new Option('--model-version <n>', 'its version').argParser(wholeNumber))
    .addOption(stepOption('one checkpoint of a batch'))
    .addOption(buildOption())
    .addOption(ledgerOption())
    .addOption(storeOption())
    .addOption(rpcOption())
    .addOption(jsonOption())
    .action(async (path: string | undefined, { build, ...flags }: VerifyFlags) => {
      await execute(
        flags,
        async (session) => {
          const result = await session.stage('checking', async () =>
            (await provenance()).verifyContent(build, path, flags),
          );
          return { result, ok: result.matches };
        },
        printVerified,
      );
    });
}

interface LineageFlags {
  readonly build: string;
  readonly artifact?: string;
  readonly attestation?: string;
  readonly model?: bigint;
  readonly modelVersion?: number;
  readonly attestations?: string;
  readonly svg?: string;
  readonly ledger?: string;
  readonly rpc?: string;
  readonly json?: boolean;
}

interface DrawnLineage extends Lineage {
  readonly text: string;
  /** File. */
  readonly svg?: string;
}

function addLineage(group: Command): void {
  group
    .command('lineage')
    .description('draw the way from an attestation, a registered model or an artifact back to the data')
    .addOption(new Option('--attestation <id>', 'an attestation').argParser(hash))
    .addOption(new Option('--model <id>', 'a registered model').argParser(bigNumber))
    .addOption(new Option('--model-version <n>', 'its version').argParser(wholeNumber))
    .addOption(new Option('--artifact <id>', 'an artifact').argParser(hash))
    .addOption(
      new Option(
        '--attestations <address>',
        'the attestations contract (default: the one on record in the folder)',
      ).argParser(address),
    )
    .option('--svg <file>', 'draw it as SVG too')
    .addOption(buildOption())
    .addOption(ledgerOption())
    .addOption(rpcOption())
    .addOption(jsonOption())
    .action(async ({ build, svg, ...flags }: LineageFlags) => {
      await execute(
        flags,
        async (session) => {
          if (svg === '') throw new UsageError('--svg needs the name of a file');
          const { drawLineageSvg, drawLineageText, readLineage } = await provenance();
          const lineage = await session.stage('reading the ledger', () => readLineage(build, flags));
          if (svg !== undefined) {
            const { writeFileAtomic } = await import('../../chain/files.js');
            await writeFileAtomic(svg, drawLineageSvg(lineage));
          }
          return {
            result: { ...lineage, text: drawLineageText(lineage), ...(svg === undefined ? {} : { svg }) },
            ok: true,
          };
        },
        ({ text, svg: file }: DrawnLineage) => `${text}${file === undefined ? '' : `\ndrawn in ${file}`}`,
      );
    });
}

function printSignature({ artifactId, content, contributor: account, signature }: ContributorSignature): string {
  return `artifact ${artifactId} (${content})\nsigned by ${account}\n--signature ${signature}`;
}

function printRecorded(result: RecordedContent): string {
  const {
    artifactId,
    content,
    files,
    bytes,
    hidden,
    checkpoints,
    ledger,
    chainId,
    transaction,
    gasUsed,
    alreadyRecorded,
    link,
  } = result;
  const size = `${checkpoints === undefined ? '' : `${checkpoints.toLocaleString('en-US')} checkpoints, `}${files.toLocaleString('en-US')} files, ${bytes.toLocaleString('en-US')} bytes`;
  return [
    `${content} (${size})`,
    ...printHidden(hidden),
    `artifact ${artifactId} ${alreadyRecorded ? 'was on record' : 'recorded'} in the ledger at ${ledger} on chain ${chainId}`,
    `transaction ${transaction}, ${gasUsed.toLocaleString('en-US')} gas`,
    ...(link === undefined
      ? []
      : [
          `model ${link.modelId}, version ${link.version} ${link.transaction === null ? 'was linked' : 'linked'} to it through ${link.checkpointId}`,
        ]),
  ].join('\n');
}

function printVerified(result: Verified): string {
  const { registered } = result;
  const model = registered && `version ${registered.version} of model ${registered.modelId}`;
  const said =
    registered === undefined
      ? []
      : [
          registered.matches
            ? `it is the ONNX file registered as ${model}`
            : `DIFFERENT: it is not the ONNX file registered as ${model}, whose SHA-256 is ${registered.modelHash}`,
        ];
  return [
    printContent({
      ...result,
      matches: result.local === undefined ? result.matches : result.local === result.recorded,
    }),
    ...said,
  ].join('\n');
}

function printContent({
  artifactId,
  kind,
  recorded,
  local,
  matches,
  difference,
  note,
  stored,
  hidden,
}: Verified): string {
  const lines = printHidden(hidden);
  if (stored !== undefined)
    return `${recorded}: all of it is in the store (${stored.blocks.toLocaleString('en-US')} blocks, ${stored.bytes.toLocaleString('en-US')} bytes, hashed again)`;
  if (matches) return [`${recorded}: the local files are those of ${kind} ${artifactId}`, ...lines].join('\n');
  return [
    `DIFFERENT: ${kind} ${artifactId} has ${recorded}, the local files have ${local}`,
    ...(difference === undefined
      ? []
      : [
          `first difference: ${difference.path === '' ? 'the file itself' : JSON.stringify(difference.path)} was ${difference.how === 'missing' ? 'removed' : difference.how}`,
        ]),
    ...(note === undefined ? [] : [`note: ${note}`]),
    ...lines,
  ].join('\n');
}

/** Hidden files named before the rest is counted. */
const SHOWN = 5;

function printHidden(hidden: readonly string[]): string[] {
  if (hidden.length === 0) return [];
  const rest = hidden.length > SHOWN ? ` and ${hidden.length - SHOWN} more` : '';
  return [
    `note: hidden files are left out, as by ipfs add: ${hidden
      .slice(0, SHOWN)
      .map((name) => JSON.stringify(name))
      .join(', ')}${rest}`,
  ];
}

function collect<T>(parse: (text: string) => T): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return (text, before = []) => [...before, parse(text)];
}

function bigNumber(text: string): bigint {
  if (!/^\d{1,77}$/.test(text)) throw new InvalidArgumentError('give a whole number');
  return BigInt(text);
}

function contributor(text: string): Contributor {
  const [, account, weight = '1'] = /^(0x[0-9a-fA-F]{40})(?::(\d{1,10}))?$/.exec(text) ?? [];
  if (account === undefined || !isAddress(account) || Number(weight) >= 2 ** 32)
    throw new InvalidArgumentError('give ADDRESS or ADDRESS:WEIGHT, the weight below 2^32');
  return { account: address(account), weight: Number(weight) };
}
