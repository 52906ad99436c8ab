/**
 * The environment of a child process: what programs need to run, and nothing of what this process was told in
 * confidence. The signer's key and its passwords are in the environment (`chain/signer.ts`), and a child that parses
 * strangers' bytes has no use for them.
 *
 * The trap: a list of what to leave out is never complete. This one says what to pass on.
 */

const PASSED_ON = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TERM',
  'TMPDIR',
  'TMP',
  'TEMP',
  'XDG_CACHE_HOME',
  'XDG_RUNTIME_DIR',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_V8_COVERAGE',
  'UV_THREADPOOL_SIZE',
  'RAYON_NUM_THREADS',
  'RUST_BACKTRACE',
  'ZKINFER_CACHE',
  'NO_COLOR',
  'FORCE_COLOR',
  // Windows programs do not start without them.
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'APPDATA',
  'LOCALAPPDATA',
  'USERPROFILE',
  'PROGRAMFILES',
  'PROGRAMDATA',
]);

/** The parts of `environment` that a child process gets. */
export function childEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => PASSED_ON.has(name.toUpperCase()) || name.startsWith('LC_')),
  );
}
