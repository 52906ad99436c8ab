#!/usr/bin/env node
/**
 * The npm release of solc behind the command line that forge speaks: `--version`, and `--standard-json` from standard input to
 * standard output. Forge sends every source along, so no file is read here. Any other option is ignored.
 *
 * Tests deploy the contracts by name, so the code of a test is no code under test: it goes through the old code generator
 * without optimizer, twenty times as fast as what the contracts are deployed with.
 */
import { readFileSync } from 'node:fs';
import solc from 'solc';

const isTest = (path) => /^verifier-contracts\/test\/(?!generated\/)/.test(path);

/** `input` restricted to the contracts of the sources that `keep` takes. */
const restricted = (input, keep, settings) => ({
  ...input,
  settings: {
    ...input.settings,
    ...settings,
    outputSelection: Object.fromEntries(Object.entries(input.settings.outputSelection).filter(([path]) => keep(path))),
  },
});

function compile(input) {
  const paths = Object.keys(input.settings?.outputSelection ?? {});
  if (!paths.some(isTest)) return solc.compile(JSON.stringify(input));
  const outputs = [
    restricted(input, (path) => !isTest(path), {}),
    restricted(input, isTest, { viaIR: false, optimizer: { enabled: false } }),
  ].map((part) => JSON.parse(solc.compile(JSON.stringify(part))));
  const errors = new Map(
    outputs.flatMap(({ errors = [] }) => errors).map((error) => [error.formattedMessage ?? error.message, error]),
  );
  return JSON.stringify({
    ...(errors.size > 0 && { errors: [...errors.values()] }),
    sources: outputs[0].sources ?? {},
    contracts: Object.assign({}, ...outputs.map(({ contracts }) => contracts)),
  });
}

if (process.argv.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(compile(JSON.parse(readFileSync(0, 'utf8'))));
} else {
  process.stderr.write('solc.mjs understands --version and --standard-json.\n');
  process.exitCode = 2;
}
