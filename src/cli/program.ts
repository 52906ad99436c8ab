/**
 * The `zkinfer` command as a function. Each subcommand is one file in `commands/`, loaded only when it is the one asked
 * for: chain, provers and onnxruntime take longer to load than most commands take.
 */
import { Command, CommanderError } from 'commander';
import { UsageError } from '../errors.js';
import { VERSION } from '../version.js';
import { report, reportAsJson } from './session.js';
import { printable } from './terminal.js';

interface Subcommand {
  readonly name: string;
  readonly summary: string;
  /** Its file, whose `define` adds arguments, options and action. */
  readonly load: () => Promise<{ readonly define: (command: Command) => void }>;
}

const COMMANDS: readonly Subcommand[] = [
  {
    name: 'inspect',
    summary: "show a model's operators and shapes, what each layer will cost, and what is not supported and why",
    load: () => import('./commands/inspect.js'),
  },
  {
    name: 'compile',
    summary: 'quantize a model and compile it to a circuit',
    load: () => import('./commands/compile.js'),
  },
  { name: 'setup', summary: "make a build's proving and verification key", load: () => import('./commands/setup.js') },
  {
    name: 'ceremony',
    summary: 'contribute to a key, end a ceremony with a beacon, verify what others did',
    load: () => import('./commands/ceremony.js'),
  },
  { name: 'prove', summary: 'prove the inference of one input', load: () => import('./commands/prove.js') },
  {
    name: 'score',
    summary: 'prove how a model does on a labelled data set, chunk by chunk',
    load: () => import('./commands/score.js'),
  },
  {
    name: 'witness',
    summary: 'write the witness of one input (.wtns), for snarkjs, rapidsnark and others',
    load: () => import('./commands/witness.js'),
  },
  {
    name: 'verify',
    summary: 'check a proof off chain; exit code 0 only if it is valid',
    load: () => import('./commands/verify.js'),
  },
  {
    name: 'audit',
    summary:
      'say what is established of a build or a registered model, or which signals of a circom program are not determined',
    load: () => import('./commands/audit.js'),
  },
  {
    name: 'export-web',
    summary: 'write what a web server must serve so that browsers prove',
    load: () => import('./commands/export-web.js'),
  },
  {
    name: 'export-compiler',
    summary: 'write what a web server must serve so that browsers compile models',
    load: () => import('./commands/export-compiler.js'),
  },
  { name: 'solidity', summary: "write the build's Verifier.sol", load: () => import('./commands/solidity.js') },
  { name: 'deploy', summary: "deploy the build's verifier contract", load: () => import('./commands/deploy.js') },
  {
    name: 'register',
    summary: 'register the deployed build in an ERC-7992 registry, or as the next version of its model',
    load: () => import('./commands/register.js'),
  },
  {
    name: 'submit',
    summary: 'send a proof to the contract; exit code 0 only if it is accepted',
    load: () => import('./commands/submit.js'),
  },
  {
    name: 'attestations',
    summary: "read back a registered build's attestations",
    load: () => import('./commands/attestations.js'),
  },
  {
    name: 'run',
    summary: 'from a model and an input to a proof that a contract accepted, in one go',
    load: () => import('./commands/run.js'),
  },
  {
    name: 'demo',
    summary: 'prove a real digit with a trained MNIST network and let a contract decide',
    load: () => import('./commands/demo.js'),
  },
  {
    name: 'provenance',
    summary: 'say on chain where a model comes from, check it, draw it',
    load: () => import('./commands/provenance.js'),
  },
  {
    name: 'operator',
    summary: 'answer inference requests for fees, with a stake at risk',
    load: () => import('./commands/operator.js'),
  },
  {
    name: 'ledger-demo',
    summary: 'provenance, bonded inference, royalties, licences: one story on a local chain, with real proofs',
    load: () => import('./commands/ledger-demo.js'),
  },
];

/** Runs one command line, without the program's name; sets `process.exitCode` and prints, also where it fails. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const program = new Command('zkinfer')
    .description('Proves that a neural network, on an input, gave an output; contracts check the proof.')
    .version(VERSION)
    .configureOutput({
      writeErr: (text) => process.stderr.write(printable(text)),
      writeOut: (text) => process.stdout.write(printable(text)),
    })
    .showHelpAfterError('(see --help)')
    .exitOverride();
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).description(summary);
    // The name stands first, or after `help`; the others are needed only to be listed.
    if (args.slice(0, 2).includes(name)) (await load()).define(command);
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, {});
    // commander has printed its message for people; only help and version end well.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    if (error.exitCode !== 0 && args.includes('--json'))
      reportAsJson(new UsageError(error.message.replace(/^error: /, '')));
  }
}
