/** Runs a prover as a process: its wall time, and in a run apart its peak memory. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const GNU_TIME = '/usr/bin/time';

/** Wall time in milliseconds from spawn to exit. Throws with the program's output if it fails. */
export async function timeCommand(argv: readonly string[]): Promise<number> {
  const started = performance.now();
  await run(argv);
  return performance.now() - started;
}

/** Peak resident memory in MiB: from wait4 through GNU time where there is one, else from polling /proc. */
export async function peakMemory(argv: readonly string[]): Promise<number> {
  if (existsSync(GNU_TIME)) {
    const { stderr } = await run([GNU_TIME, '-f', 'peak-kib %M', ...argv]);
    const found = /peak-kib (\d+)/.exec(stderr);
    if (found !== null) return Number(found[1]) / 1024;
  }
  let peakKib = 0;
  await run(argv, (pid) => {
    try {
      const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
      if (found !== null) peakKib = Math.max(peakKib, Number(found[1]));
    } catch {
      // The process has ended between two polls.
    }
  });
  return peakKib / 1024;
}

function run(argv: readonly string[], poll?: (pid: number) => void): Promise<{ stderr: string }> {
  return new Promise((resolve, reject) => {
    const [program, ...rest] = argv;
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const timer = poll && setInterval(() => poll(child.pid as number), 1);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(timer);
      if (code === 0) resolve({ stderr });
      else reject(new Error(`${program} ended with ${code ?? signal}: ${(stderr || output).slice(-2000)}`));
    });
  });
}
