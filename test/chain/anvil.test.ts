import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAnvil } from '../../src/chain/anvil.js';
import { LocalNodeError } from '../../src/chain/errors.js';
import { connect } from '../../src/chain/rpc.js';

const ANVIL_MODULE = fileURLToPath(new URL('../../src/chain/anvil.ts', import.meta.url));

describe('the embedded anvil', () => {
  it('answers when started and is gone when stopped', async () => {
    const anvil = await startAnvil();
    const { provider, chainId } = await connect(anvil.url);
    assert.equal(chainId, 31337);
    assert.equal(await provider.getBlockNumber(), 0);
    await anvil.stop();
    await anvil.stop();
    assert.equal(isAlive(anvil.pid), false);
  });

  it('lets no page of a web site ask it for anything', async () => {
    const anvil = await startAnvil();
    try {
      const headers = { origin: 'https://attacker.example' };
      const preflight = await fetch(anvil.url, {
        method: 'OPTIONS',
        headers: {
          ...headers,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      });
      assert.equal(preflight.headers.get('access-control-allow-origin'), null);
      // What browsers send without asking first is not carried out.
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'evm_mine', params: [] });
      await fetch(anvil.url, { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body });
      assert.equal(await (await connect(anvil.url)).provider.getBlockNumber(), 0);
    } finally {
      await anvil.stop();
    }
  });

  it('starts twice at once on ports of its own', async () => {
    const both = await Promise.all([startAnvil(), startAnvil()]);
    assert.notEqual(both[0].url, both[1].url);
    await Promise.all(both.map((anvil) => anvil.stop()));
  });

  it('says what anvil said when it cannot start', async () => {
    await assert.rejects(startAnvil({ loadState: fileURLToPath(import.meta.url) }), LocalNodeError);
  });

  for (const [end, body] of [
    ['returns', ''],
    ['exits', 'process.exit(0);'],
    ['throws', 'throw new Error("a bug");'],
  ]) {
    it(`does not outlive or hold up a process that ${end}`, async () => {
      const { pid, exited } = await startInChild(body);
      await exited;
      await assertGone(pid);
    });
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    it(`does not outlive a process ended by ${signal}`, async () => {
      const { pid, child, exited } = await startInChild('setInterval(() => {}, 1000);');
      child.kill(signal);
      await exited;
      await assertGone(pid);
    });
  }
});

/** Starts an anvil in a Node process of its own that then runs `body`. */
async function startInChild(body: string): Promise<{ pid: number; child: ChildProcess; exited: Promise<unknown> }> {
  const script = `const { startAnvil } = await import(${JSON.stringify(ANVIL_MODULE)});
    console.log((await startAnvil()).pid); ${body}`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  const pid = Number(line);
  assert.ok(pid > 0);
  return { pid, child, exited };
}

async function assertGone(pid: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (!isAlive(pid)) return;
    await sleep(50);
  }
  assert.fail(`anvil ${pid} outlived the process that started it`);
}

/** Whether the process runs; an ended one that nobody has reaped yet does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return processState(pid) !== 'Z';
}

/** Linux's one-letter state of a process; undefined elsewhere. */
function processState(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
