/** Runs a prover as a process: its wall time, and in a run apart what it uses of memory and processor. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const GNU_TIME = '/usr/bin/time';

const LAUNCHER = fileURLToPath(new URL('../../scripts/time-command.mjs', import.meta.url));

/** Starts programs and times them, from a small process of its own (see its file). */
export class Launcher {
  readonly #process = fork(LAUNCHER, { execArgv: [] });

  /**
   * Wall time in milliseconds from spawn to exit. Throws with the program's output if it fails. One command at a time.
   */
  async time(argv: readonly string[]): Promise<number> {
    this.#process.send(argv);
    const [answer] = (await once(this.#process, 'message')) as [{ milliseconds: number } | { error: string }];
    if ('error' in answer) throw new Error(answer.error);
    return answer.milliseconds;
  }

  close(): void {
    this.#process.disconnect();
  }
}

export interface Usage {
  /** Peak resident memory. */
  readonly peakMiB: number;
  /** Processor time of all threads, user and system, in steps of 10 ms; only where GNU time is there to tell. */
  readonly cpuMs?: number;
}

/** What one run of a program uses: from wait4 through GNU time where there is one, else memory from polling /proc. */
export async function usage(argv: readonly string[]): Promise<Usage> {
  if (existsSync(GNU_TIME)) {
    const { stderr } = await run([GNU_TIME, '-f', 'usage %M %U %S', ...argv]);
    const found = /usage (\d+) ([\d.]+) ([\d.]+)/.exec(stderr);
    if (found !== null)
      return { peakMiB: Number(found[1]) / 1024, cpuMs: 1000 * (Number(found[2]) + Number(found[3])) };
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
  return { peakMiB: peakKib / 1024 };
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
