import assert from 'node:assert/strict';
import { zkinfer } from './support/zkinfer.js';

const COMMANDS = [
  'inspect',
  'compile',
  'setup',
  'prove',
  'witness',
  'verify',
  'solidity',
  'deploy',
  'register',
  'submit',
  'attestations',
  'run',
  'demo',
];

describe('zkinfer', () => {
  it('lists its commands and its version', async () => {
    const [help, version] = await Promise.all([
      zkinfer(['--help'], { ownProcess: true }),
      zkinfer(['--version'], { ownProcess: true }),
    ]);
    assert.equal(help.status, 0);
    for (const command of COMMANDS) assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
    assert.equal(version.status, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('explains every command with --help', async () => {
    const { stdout: overview } = await zkinfer(['--help']);
    const listed = [...overview.slice(overview.indexOf('Commands:')).matchAll(/^  ([a-z][\w-]*) /gm)].map(
      ([, name]) => name,
    );
    assert.ok(listed.length >= COMMANDS.length);
    for (const command of listed.filter((name) => name !== 'help')) {
      const { status, stdout, stderr } = await zkinfer([command, '--help']);
      assert.equal(status, 0, stderr);
      assert.ok(stdout.startsWith(`Usage: zkinfer ${command} `), stdout);
      if (COMMANDS.includes(command)) assert.match(stdout, /--json/);
    }
  });

  it('ends with exit code 2 and says why when it is used wrongly', async () => {
    const cases: [string[], RegExp][] = [
      [[], /Usage: zkinfer/],
      [['frobnicate'], /unknown command 'frobnicate'/],
      [['compile'], /missing required argument 'model'/],
      [['compile', 'model.onnx', '--no-such-option'], /unknown option '--no-such-option'/],
      [['compile', 'model.onnx', '--input-visibility', 'secret'], /Allowed choices are public, private, hashed/],
      [['compile', 'model.onnx', '--input-range', '1,0'], /the smaller first/],
      [['compile', 'model.onnx', '--activation-bits', '1'], /2 to 16/],
      [['setup', 'build', '--backend', 'gpu'], /Allowed choices are auto, native, wasm, snarkjs/],
      [['register', 'build', '--registry', 'mine.eth'], /give an address/],
      [['attestations', 'build', '--id', '0x1234'], /give 32 bytes in hex/],
      [['attestations', 'build', '--prover', `0x${'a'.repeat(39)}`], /give an address/],
      [
        ['compile', 'model.onnx', '--input-visibility', 'private', '--output-visibility', 'private'],
        /a proof says nothing.*--allow-no-statement/,
      ],
      [['witness', 'build', '--input', 'input.json'], /required option '--out <file>' not specified/],
      [['prove', 'build'], /required option '--input <file>' not specified/],
      [['prove', 'build', '--input', 'input.json', '--context', 'me'], /a number below/],
      [['prove', 'build', '--input', 'input.json', '--context', `0x${'a'.repeat(40)}`], /with --for/],
      [['prove', 'build', '--input', 'input.json', '--context', '1', '--nonce', '1'], /cannot be used with/],
      [['prove', 'build', '--input', 'input.json', '--for', '0x12'], /give an address/],
      [['prove', 'build', '--input', 'input.json', '--context', String(1n << 254n)], /below the scalar field/],
      [['prove', 'build', '--input', 'input.json', '--out', './public.json'], /must not be named public\.json/],
    ];
    for (const [i, [args, wanted]] of cases.entries()) {
      const { status, stdout, stderr } = await zkinfer(args, { ownProcess: i < 3 });
      assert.equal(status, 2, `zkinfer ${args.join(' ')}: exit code ${status}: ${stderr}`);
      assert.match(stderr, wanted);
      assert.equal(stdout, '');
    }
  });

  it('says that a folder is no build before it misses a proof there', async () => {
    for (const command of ['verify', 'submit']) {
      const { status, stderr } = await zkinfer([command, 'no/such/build']);
      assert.equal(status, 1);
      assert.match(stderr, /^BuildFolderError: no\/such\/build holds no build/);
    }
  });

  it('says with --json what was wrong in its use, too', async () => {
    for (const args of [
      ['compile', '--json'],
      ['prove', 'build', '--json'],
      ['verify', 'build', '--json', '--bogus'],
    ]) {
      const { status, stdout } = await zkinfer(args);
      assert.equal(status, 2);
      const { error } = JSON.parse(stdout) as { error: Record<'code' | 'name' | 'message', string> };
      assert.equal(`${error.code} ${error.name}`, 'USAGE UsageError');
      assert.match(error.message, /^(missing required argument 'model'|required option|unknown option '--bogus')/);
    }
  });
});
