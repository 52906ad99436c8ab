import assert from 'node:assert/strict';
import { zkinfer } from './support/zkinfer.js';

const COMMANDS = ['inspect', 'compile', 'setup', 'prove', 'witness', 'verify', 'solidity', 'deploy', 'register', 'submit', 'attestations', 'run', 'demo'];

/** Starting a process costs most of a second, so several run at once. */
async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += 4) await Promise.all(items.slice(start, start + 4).map(work));
}

describe('zkinfer', function () {
  this.timeout(180_000);

  it('lists its commands and its version', async () => {
    const [help, version] = await Promise.all([zkinfer(['--help']), zkinfer(['--version'])]);
    assert.equal(help.status, 0);
    for (const command of COMMANDS) assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
    assert.equal(version.status, 0);
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('explains every command with --help', async () => {
    const { stdout: overview } = await zkinfer(['--help']);
    const listed = [...overview.slice(overview.indexOf('Commands:')).matchAll(/^  ([a-z][\w-]*) /gm)].map(([, name]) => name);
    assert.ok(listed.length >= COMMANDS.length);
    await inBatches(listed.filter((name) => name !== 'help'), async (command) => {
      const { status, stdout, stderr } = await zkinfer([command, '--help']);
      assert.equal(status, 0, stderr);
      assert.ok(stdout.startsWith(`Usage: zkinfer ${command} `), stdout);
      if (COMMANDS.includes(command)) assert.match(stdout, /--json/);
    });
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
      [['setup', 'build', '--backend', 'gpu'], /Allowed choices are auto, native, snarkjs/],
      [['register', 'build', '--registry', 'mine.eth'], /give an address/],
      [['attestations', 'build', '--id', '0x1234'], /give 32 bytes in hex/],
      [['attestations', 'build', '--prover', `0x${'a'.repeat(39)}`], /give an address/],
      [['compile', 'model.onnx', '--input-visibility', 'private', '--output-visibility', 'private'], /a proof says nothing.*--allow-no-statement/],
      [['witness', 'build', '--input', 'input.json'], /required option '--out <file>' not specified/],
      [['prove', 'build'], /required option '--input <file>' not specified/],
      [['prove', 'build', '--input', 'input.json', '--context', 'me'], /a number below/],
      [['prove', 'build', '--input', 'input.json', '--context', `0x${'a'.repeat(40)}`], /with --for/],
      [['prove', 'build', '--input', 'input.json', '--context', '1', '--nonce', '1'], /cannot be used with/],
      [['prove', 'build', '--input', 'input.json', '--for', '0x12'], /give an address/],
      [['prove', 'build', '--input', 'input.json', '--context', String(1n << 254n)], /below the scalar field/],
      [['prove', 'build', '--input', 'input.json', '--out', './public.json'], /must not be named public\.json/],
    ];
    await inBatches(cases, async ([args, wanted]) => {
      const { status, stdout, stderr } = await zkinfer(args);
      assert.equal(status, 2, `zkinfer ${args.join(' ')}: exit code ${status}: ${stderr}`);
      assert.match(stderr, wanted);
      assert.equal(stdout, '');
    });
  });
});
