#!/usr/bin/env node
/** The `zkinfer` command as a program: what `bin` in package.json names. */
import { runCommandLine } from './program.js';

/** Shells' status of a program that wrote to a closed pipe: 128 and the number of SIGPIPE, which Node ignores. */
const BROKEN_PIPE = 141;

// `zkinfer ... | head`: the reader closed the pipe, which is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
    process.exit(1);
  });
}

await runCommandLine(process.argv.slice(2));
