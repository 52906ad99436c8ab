/**
 * A prover in a process of its own, started by `prover-pool.ts`: it can be killed when it hangs, which native code in a
 * thread cannot. Speaks over Node's IPC channel; ends when its parent is gone.
 */
import { chooseBackend, type BackendChoice } from '../groth16/backends.js';
import type { Job } from './jobs.js';
import { openWorkbench } from './workbench.js';

const { folders, backend, proves } = JSON.parse(process.argv[2]) as {
  folders: string[];
  backend: BackendChoice;
  proves: boolean;
};
// Sending fails where the parent was killed; the `disconnect` event then ends this process.
const send = (message: unknown): void => void process.send?.(message, undefined, undefined, () => undefined);

process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when this process ends.
process.on('SIGINT', () => undefined);

try {
  const bench = await openWorkbench(
    folders,
    proves ? chooseBackend(backend, (text) => send({ notice: text })) : undefined,
  );
  process.on('message', (job: Job) => {
    bench.run(job).then(
      (result) => send({ id: job.id, result }),
      (error: unknown) => send({ id: job.id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  send({ ready: true });
} catch (error) {
  send({ failed: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
  process.disconnect();
}
