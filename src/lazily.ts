/** Functions whose modules are loaded when they are first called: importing the package then costs next to nothing. */

/** `load` gives the function; calls wait for it. Arguments and result are the function's own. */
export function lazily<Args extends unknown[], Result>(
  load: () => Promise<(...args: Args) => Promise<Result>>,
): (...args: Args) => Promise<Result> {
  return async (...args) => await (await load())(...args);
}
