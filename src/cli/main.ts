#!/usr/bin/env node
/** The `zkinfer` command. Each subcommand is one file in `commands/`. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../version.js';
import { addAttestations } from './commands/attestations.js';
import { addCompile } from './commands/compile.js';
import { addDemo } from './commands/demo.js';
import { addDeploy } from './commands/deploy.js';
import { addInspect } from './commands/inspect.js';
import { addLedgerDemo } from './commands/ledger-demo.js';
import { addOperator } from './commands/operator.js';
import { addProve } from './commands/prove.js';
import { addProvenance } from './commands/provenance.js';
import { addRegister } from './commands/register.js';
import { addRun } from './commands/run.js';
import { addSetup } from './commands/setup.js';
import { addSolidity } from './commands/solidity.js';
import { addSubmit } from './commands/submit.js';
import { addVerify } from './commands/verify.js';
import { report } from './session.js';

const program = new Command('zkinfer')
  .description('Proves that a neural network, on an input, gave an output; contracts check the proof.')
  .version(VERSION)
  .showHelpAfterError('(see --help)')
  .exitOverride();

for (const add of [addInspect, addCompile, addSetup, addProve, addVerify, addSolidity, addDeploy, addRegister, addSubmit, addAttestations, addRun, addDemo, addProvenance, addOperator, addLedgerDemo]) {
  add(program);
}

try {
  await program.parseAsync();
} catch (error) {
  // commander has printed its message; only help and version end well.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else report(error, {});
}
