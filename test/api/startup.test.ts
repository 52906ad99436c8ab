import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROBE = fileURLToPath(new URL('loaded-modules.mjs', import.meta.url));
/** What takes long to load, or much memory. */
const HEAVY = ['solc', 'ethers', 'onnxruntime-web', 'snarkjs', 'zod', 'protobufjs', 'circom2', 'bullmq'];

describe('what a start loads', () => {
  it('no compiler, no chain library, no onnxruntime for importing the package, its errors, or the help of any command', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', PROBE, HEAVY.join(',')], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const { seen, ...found } = JSON.parse(stdout) as Record<string, string[]>;
    assert.deepEqual(seen, ['ethers'], 'the probe sees a package that is loaded');
    assert.ok(Object.keys(found).length > 15);
    for (const [start, packages] of Object.entries(found)) assert.deepEqual(packages, [], start);
  });
});
