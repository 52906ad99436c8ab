/**
 * Times commands for the benchmarks, apart from the process that runs them: starting a program from a process with much
 * memory takes the longer the more it has, and that would be counted to the program. Forked once; takes an argv,
 * answers with milliseconds from spawn to exit, or with what went wrong.
 */
import { spawn } from 'node:child_process';

process.on('message', ([program, ...args]) => {
  const started = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  let failure;
  child.on('error', (error) => (failure = error.message));
  // Comes after an error too, so that there is one answer.
  child.on('close', (code, signal) => {
    const milliseconds = performance.now() - started;
    if (code === 0) process.send({ milliseconds });
    else
      process.send({ error: failure ?? `${program} ended with ${code ?? signal}: ${(errors || output).slice(-2000)}` });
  });
});
