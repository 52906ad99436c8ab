#!/usr/bin/env node
/**
 * The npm release of solc behind the command line that forge speaks: `--version`, and `--standard-json` from standard input to
 * standard output. Forge sends every source along, so no file is read here. Any other option is ignored.
 */
import { readFileSync } from 'node:fs';
import solc from 'solc';

if (process.argv.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')));
} else {
  process.stderr.write('solc.mjs understands --version and --standard-json.\n');
  process.exitCode = 2;
}
