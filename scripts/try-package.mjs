/**
 * `npm run check:package`: what a user gets. Packs the package, installs the tarball into an empty project without
 * development dependencies, and there uses the library, the command line and the contracts (through Node's resolution,
 * and with forge's remappings where the repository's forge is there). Build first: `dist/` is packed as it is. It needs
 * the registry, or npm's cache.
 *
 * The native prover is not compiled again: the repository's, if there is one, is packed as the package for this platform
 * and installed beside.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'zkinfer-package-'));
const project = join(folder, 'project');
mkdirSync(join(project, 'contracts'), { recursive: true });

function run(program, args, { cwd = project, env = {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ZKINFER_SKIP_NATIVE: '1', ...env },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Asked of the package as its user would ask: by its name. */
const LIBRARY = `
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';
import { chooseBackend, compile, createProver, parseInput, parseSamples, setup, verify } from 'zkinfer';
import { ProofFormatError } from 'zkinfer/errors';
import { proofFromJson } from 'zkinfer/prove';
import { contractName } from 'zkinfer/solidity';
import { inspect } from 'zkinfer/compile';

const fixture = (name) => readFile(join(dirname(fileURLToPath(import.meta.resolve('zkinfer/package.json'))), 'fixtures', 'tabular', name));
const onnx = await fixture('model.onnx');
const { survey } = await inspect({ onnx, name: 'tabular' });
const inputs = survey.inputs;
const calibration = parseSamples(String(await fixture('calibration.json')), inputs, 'calibration.json');
const build = await compile({ onnx, name: 'tabular', calibration });
await build.save('build');
const backend = chooseBackend('auto', console.warn);
const keys = await setup({ build, backend });
const prover = await createProver({ build, keys, backend });
const input = parseInput(String(await fixture('input.json')), inputs, 'input.json');
const { proof, publicSignals } = await prover.prove({ input });
await prover.close();
const { valid } = await verify({ build, keys, backend, proof, publicSignals });
if (!valid) throw new Error('the proof is not valid');
try {
  proofFromJson('{}', 'nothing');
  throw new Error('what is no proof was taken for one');
} catch (error) {
  if (!(error instanceof ProofFormatError)) throw error;
}
console.log(contractName('tabular'), backend.name);
`;

/** Compiles a contract whose imports Node resolves, as Hardhat's do. */
const CONTRACT = `
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import { compileSolidity } from 'zkinfer/solidity';
const { resolve } = createRequire(import.meta.url);
const sources = {};
async function visit(name, text) {
  sources[name] = text;
  for (const [, imported] of text.matchAll(/^import\\s+[^;"']*["']([^"']+)["'];/gm)) {
    const target = imported.startsWith('.') ? posix.join(posix.dirname(name), imported) : imported;
    if (sources[target] === undefined) await visit(target, await readFile(resolve(target), 'utf8'));
  }
}
await visit('Gate.sol', await readFile('contracts/Gate.sol', 'utf8'));
console.log(Object.keys((await compileSolidity(sources)).Gate ?? {}).length > 0 ? 'compiled' : 'NO CONTRACT');
`;

try {
  const pack = (packed) => JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: packed }))[0];
  const tarball = pack(root);
  const contracts = pack(join(root, 'verifier-contracts'));
  console.log(
    `packed ${tarball.filename}: ${tarball.files.length} files, ${(tarball.size / 1e6).toFixed(1)} MB, ${(tarball.unpackedSize / 1e6).toFixed(1)} MB unpacked`,
  );
  const built = existsSync(join(root, 'native', 'zkinfer.node'));
  const native = built
    ? [join(folder, run(process.execPath, [join(root, 'scripts', 'pack-native.mjs'), folder]).trim())]
    : [];
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
  run('npm', [
    'install',
    '--no-fund',
    '--no-audit',
    '--prefer-offline',
    '--omit',
    'dev',
    '--loglevel',
    'error',
    join(folder, tarball.filename),
    join(folder, contracts.filename),
    ...native,
  ]);
  const installed = join(project, 'node_modules', 'zkinfer');
  if (existsSync(join(project, 'node_modules', '@foundry-rs', 'forge')))
    throw new Error('forge came along, which only development needs');

  writeFileSync(join(project, 'library.mjs'), LIBRARY);
  const library = run(process.execPath, ['library.mjs']).trim();
  if (built && !library.endsWith(' native')) throw new Error('the prebuilt native prover was not found');
  console.log(`library: ${library}`);

  const zkinfer = join(project, 'node_modules', '.bin', 'zkinfer');
  const input = join(installed, 'fixtures', 'tabular', 'input.json');
  run(zkinfer, ['prove', 'build', '--input', input]);
  run(zkinfer, ['solidity', 'build']);
  console.log(
    `command line ${run(zkinfer, ['--version']).trim()}: ${run(zkinfer, ['verify', 'build']).split('\n')[0]}`,
  );

  const [, example] = /```solidity\n(.*?)```/s.exec(readFileSync(join(root, 'docs', 'contracts.md'), 'utf8'));
  writeFileSync(join(project, 'contracts', 'Gate.sol'), example);
  writeFileSync(join(project, 'contract.mjs'), CONTRACT);
  console.log(`contract, imports as Node resolves them: ${run(process.execPath, ['contract.mjs']).trim()}`);
  const forge = join(root, 'node_modules', '.bin', 'forge');
  if (existsSync(forge)) {
    writeFileSync(
      join(project, 'foundry.toml'),
      '[profile.default]\nsrc = "contracts"\nlibs = ["node_modules"]\nremappings = ["@zkinfer/contracts/=node_modules/@zkinfer/contracts/", "@openzeppelin/=node_modules/@openzeppelin/"]\n' +
        'solc = "./solc.mjs"\noffline = true\nauto_detect_remappings = false\nevm_version = "cancun"\n',
    );
    // forge cannot download a compiler here; the npm release of solc stands in for it.
    copyFileSync(join(root, 'verifier-contracts', 'solc.mjs'), join(project, 'solc.mjs'));
    chmodSync(join(project, 'solc.mjs'), 0o755);
    run(forge, ['build']);
    console.log(
      `contract, forge with remappings: ${existsSync(join(project, 'out', 'Gate.sol', 'Gate.json')) ? 'compiled' : 'NO CONTRACT'}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
