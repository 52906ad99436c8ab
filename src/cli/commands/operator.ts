/** `zkinfer operator`: answers a market's requests, and manages what the operator has there. */
import { join } from 'node:path';
import { makeFolder } from '../../atomic-file.js';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Sender } from '../../chain/index.js';
import type { BackendChoice } from '../../groth16/backends.js';
import { WATCHING, type Watching } from '../../operator/steps.js';
import { address } from '../chain-values.js';
import { backendOption, jsonOption, wholeNumber } from '../options.js';
import { execute } from '../session.js';
import { untilStopped } from '../until-stopped.js';

/** Seconds beyond its grace that an operator may take to stop. */
const MARGIN = 10;

/** The market's name of ether among the tokens. */
const ETHER = `0x${'0'.repeat(40)}`;
/** Of one ether. */
const WEI = 10n ** 18n;

interface ChainFlags {
  readonly rpc: string;
  readonly market: string;
  readonly data: string;
  readonly json?: boolean;
}

interface WorkFlags {
  readonly build: readonly string[];
  readonly backend: BackendChoice;
  readonly processes: number;
  readonly jobTimeout: number;
  readonly logLevel: string;
}

interface OperatorFlags extends ChainFlags, WorkFlags {
  readonly inputs?: string;
  readonly inputBase: readonly string[];
  readonly minProfit: bigint;
  readonly token: readonly (readonly [string, bigint])[];
  readonly maxBond: bigint;
  readonly capacity: number;
  readonly redis?: string;
  readonly fromBlock: number;
  readonly confirmations: number;
  readonly reorgDepth: number;
  readonly poll: number;
  readonly reserve?: boolean;
  readonly watch: Watching;
  readonly withdrawAbove?: bigint;
  readonly listen: { readonly host: string; readonly port: number };
  readonly grace: number;
}

const rpcOption = (): Option => new Option('--rpc <url>', 'JSON-RPC endpoint').makeOptionMandatory();
const marketOption = (): Option =>
  new Option('--market <address>', 'the InferenceMarket contract').argParser(address).makeOptionMandatory();
const dataOption = (): Option =>
  new Option('--data <folder>', "the operator's journal, transactions and inputs").default('operator');

export function define(command: Command): void {
  addWorkOptions(command.command('run').description('watch a market: take, prove, answer, dispute, withdraw'))
    .addOption(rpcOption())
    .addOption(marketOption())
    .addOption(dataOption())
    .option('--inputs <folder>', 'folder of inputs by hash (default: DATA/inputs)')
    .option('--input-base <url>', 'HTTP place to fetch inputs from; may be given several times', collect, [])
    .addOption(new Option('--min-profit <ether>', 'least gain after gas').argParser(ether).default(0n, '0'))
    .addOption(
      new Option('--token <address=units>', "a token accepted as fee, and the operator's least part")
        .argParser(token)
        .default([]),
    )
    .addOption(
      new Option('--max-bond <ether>', 'most that one request may put at risk')
        .argParser(ether)
        .default(10n ** 18n, '1'),
    )
    .addOption(new Option('--capacity <n>', 'requests at work at a time').argParser(wholeNumber).default(16))
    .option('--redis <url>', 'queue for proving machines (zkinfer operator worker)')
    .addOption(
      new Option('--from-block <n>', 'first block to read; the one of the market, or later')
        .argParser(wholeNumber)
        .default(0),
    )
    .addOption(new Option('--confirmations <n>', 'blocks that an event must have').argParser(wholeNumber).default(1))
    .addOption(
      new Option('--reorg-depth <n>', 'deepest reorganization to survive, in blocks')
        .argParser(wholeNumber)
        .default(12),
    )
    .addOption(new Option('--poll <ms>', 'pause between looks at the chain').argParser(wholeNumber).default(500))
    .option(
      '--reserve',
      'take requests before proving them: safe from faster operators, but a transaction more and a bond at risk',
    )
    .addOption(
      new Option(
        '--watch <answers>',
        "which of other operators' answers to compute again and dispute where wrong: paid, those of requests that name this account as watcher or are its own",
      )
        .choices(WATCHING)
        .default('paid'),
    )
    .addOption(new Option('--withdraw-above <ether>', 'withdraw earnings from this balance on').argParser(ether))
    .addOption(
      new Option('--listen <host:port>', 'status server: /metrics, /healthz')
        .argParser(hostAndPort)
        .default({ host: '127.0.0.1', port: 9464 }, '127.0.0.1:9464'),
    )
    .addOption(new Option('--grace <seconds>', 'time for what is owed when stopped').argParser(wholeNumber).default(60))
    .action(run);
  addWorkOptions(command.command('worker').description('prove on this machine for an operator that runs with --redis'))
    .requiredOption('--redis <url>', "the operator's queue")
    .action(work);
  addAccountCommand(command, 'stake', 'add stake', '<ether>', ({ stakeRequest }, market, nonce, amount) => [
    stakeRequest(market, amount!, nonce),
  ]);
  addAccountCommand(
    command,
    'unbond',
    'begin to unbond free stake',
    '<ether>',
    ({ unbondRequest }, market, nonce, amount) => [unbondRequest(market, amount!, nonce)],
  );
  addAccountCommand(
    command,
    'withdraw',
    'withdraw earned fees',
    undefined,
    ({ withdrawRequest }, market, nonce, _, me) => [withdrawRequest(market, ETHER, me, nonce)],
  );
  addAccountCommand(
    command,
    'withdraw-stake',
    'withdraw unbonded stake',
    undefined,
    ({ withdrawStakeRequest }, market, nonce, _, me) => [withdrawStakeRequest(market, me, nonce)],
  );
  addAccountCommand(command, 'status', 'show stake and earnings', undefined, () => []);
}

function addWorkOptions(command: Command): Command {
  return command
    .requiredOption('--build <folder>', 'build to serve; may be given several times', collect)
    .addOption(backendOption())
    .addOption(
      new Option('--processes <n>', 'prover processes; one native proof uses every core')
        .argParser(wholeNumber)
        .default(1),
    )
    .addOption(
      new Option('--job-timeout <seconds>', 'after which a prover counts as hung').argParser(wholeNumber).default(120),
    )
    .addOption(
      new Option('--log-level <level>', 'least level that is logged')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    );
}

async function run(flags: OperatorFlags): Promise<void> {
  const { openLog, startNode } = await import('../../operator/index.js');
  const log = openLog(flags.logLevel);
  const node = startNode({
    ...flags,
    log,
    builds: flags.build,
    inputs: { folder: flags.inputs ?? join(flags.data, 'inputs'), bases: flags.inputBase },
    policy: {
      minProfit: flags.minProfit,
      tokens: new Map(flags.token),
      maxBond: flags.maxBond,
      capacity: flags.capacity,
    },
    jobTimeoutMs: flags.jobTimeout * 1000,
    pollMs: flags.poll,
    direct: flags.reserve !== true,
    watches: flags.watch,
  });
  await untilStopped(
    node.then(({ done }) => done),
    async () => (await node).stop(flags.grace * 1000),
    flags.grace + MARGIN,
  );
}

async function work(flags: WorkFlags & { readonly redis: string }): Promise<void> {
  const { openLog, startWorker } = await import('../../operator/index.js');
  const log = openLog(flags.logLevel);
  const worker = startWorker({ ...flags, log, builds: flags.build, jobTimeoutMs: flags.jobTimeout * 1000 });
  await worker.then(() => log.info('ready'));
  await untilStopped(new Promise(() => undefined), async () => (await worker).close(), flags.jobTimeout + MARGIN);
}

type Ledger = typeof import('../../ledger/index.js');
type AccountRequests = (
  ledger: Ledger,
  market: string,
  nonce: string,
  amount: bigint | undefined,
  me: string,
) => ReturnType<Ledger['stakeRequest']>[];

function addAccountCommand(
  parent: Command,
  name: string,
  description: string,
  argument: string | undefined,
  requests: AccountRequests,
): void {
  const command = parent.command(name).description(description);
  if (argument !== undefined) command.argument(argument, 'amount', ether);
  command
    .addOption(rpcOption())
    .addOption(marketOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (...given: unknown[]) => {
      const flags = (argument === undefined ? given[0] : given[1]) as ChainFlags;
      const amount = argument === undefined ? undefined : (given[0] as bigint);
      await execute(flags, async () => ({ result: await manage(flags, requests, amount), ok: true }), printAccount);
    });
}

async function manage(flags: ChainFlags, requests: AccountRequests, amount: bigint | undefined) {
  const [{ connect, resolveSigner, sendOnce }, ledger, { ownFolder }, { transactionStore }] = await Promise.all([
    import('../../chain/index.js'),
    import('../../ledger/index.js'),
    import('../../operator/ownership.js'),
    import('../../operator/transaction-store.js'),
  ]);
  const rpc = await connect(flags.rpc);
  try {
    const signer = await resolveSigner(rpc.chainId);
    // A folder of its own beside the running operator's, whose nonces the chain keeps apart.
    const folder = join(flags.data, 'account');
    const transactions: string[] = [];
    const wanted = requests(ledger, flags.market, String(Date.now()), amount, signer.address);
    if (wanted.length > 0) {
      await makeFolder(folder);
      const release = await ownFolder(folder);
      try {
        const sender: Sender = { rpc, signer, journal: transactionStore(folder) };
        for (const request of wanted) transactions.push((await sendOnce(sender, request)).hash);
      } finally {
        await release();
      }
    }
    const [account, balance] = await Promise.all([
      ledger.readOperator(rpc, flags.market, signer.address),
      ledger.readBalance(rpc, flags.market, signer.address, ETHER),
    ]);
    return { operator: signer.address, transactions, ...account, balance };
  } finally {
    rpc.provider.destroy();
  }
}

function printAccount(account: Awaited<ReturnType<typeof manage>>): string {
  return [
    ...account.transactions.map((hash) => `transaction ${hash}`),
    `operator  ${account.operator}`,
    `stake     ${formatEther(account.stake)} ether, of which ${formatEther(account.locked)} locked by requests`,
    ...(account.unbonding > 0n
      ? [
          `unbonding ${formatEther(account.unbonding)} ether, to be withdrawn from ${new Date(account.unbondedAt * 1000).toISOString()}`,
        ]
      : []),
    `earned    ${formatEther(account.balance)} ether, to be withdrawn`,
  ].join('\n');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Wei in an amount of ether, without ethers, which takes long to load. */
function ether(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d{0,18}))?$/.exec(text.startsWith('.') ? `0${text}` : text) ?? [];
  if (whole === undefined || text === '.') throw new InvalidArgumentError('give an amount of ether, as in 0.05');
  return BigInt(whole) * WEI + BigInt(fraction.padEnd(18, '0'));
}

/** As ethers prints it: at least one digit after the point. */
function formatEther(wei: bigint): string {
  const fraction =
    String(wei % WEI)
      .padStart(18, '0')
      .replace(/0+$/, '') || '0';
  return `${wei / WEI}.${fraction}`;
}

function token(
  text: string,
  before: readonly (readonly [string, bigint])[] = [],
): readonly (readonly [string, bigint])[] {
  const [where, least] = text.split('=');
  if (!/^\d+$/.test(least ?? ''))
    throw new InvalidArgumentError("give the token's address and an amount in its smallest unit, as in 0x…=1000");
  return [...before, [address(where), BigInt(least)]];
}

function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[2]) > 65_535)
    throw new InvalidArgumentError('give host and port, as in 127.0.0.1:9464');
  return { host: match[1], port: Number(match[2]) };
}
