/**
 * Where the native prover's binding is: built here (`native/zkinfer.node`), or prebuilt in a package of its own for one
 * platform, which a project installs beside this one. `npm run pack:native` makes such a package.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The file in a prebuilt package, and its name below `native/`. */
const FILE = 'zkinfer.node';

/** Name of the prebuilt package for a platform: `zkinfer-native-linux-x64`, with `-musl` where the C library is musl. */
export function prebuiltName(platform: string, arch: string, musl: boolean): string {
  return `zkinfer-native-${platform}-${arch}${musl ? '-musl' : ''}`;
}

/** Whether this Node runs on a Linux whose C library is not glibc. */
export function usesMusl(): boolean {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return process.platform === 'linux' && header.glibcVersionRuntime === undefined;
}

/** Either the binding's path, or why there is none. */
export type BindingPath = { readonly path: string } | { readonly reason: string };

/**
 * The binding that was built here, else that of the prebuilt package, if it is of this version.
 * @param built path of `native/zkinfer.node`, whether or not it is there
 * @param resolve finds a module's file as Node does from this package; throws where there is none
 */
export function findBinding(
  built: string,
  resolve: (request: string) => string,
  name: string,
  version: string,
): BindingPath {
  if (existsSync(built)) return { path: built };
  let manifest: string;
  try {
    manifest = resolve(`${name}/package.json`);
  } catch {
    return { reason: `it is not built, and there is no package ${name}` };
  }
  const found = (JSON.parse(readFileSync(manifest, 'utf8')) as { version?: unknown }).version;
  if (found !== version) {
    return { reason: `it is not built, and ${name} is of version ${String(found)}, not ${version}` };
  }
  return { path: join(dirname(manifest), FILE) };
}
