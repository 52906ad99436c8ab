/**
 * Long work as a generator: on its way it yields which share of it is done, from 0 to 1. Whoever runs it can show that,
 * let a terminal and signals have their turn, or end it; the work itself knows of none of these.
 */
export type Stepwise<T> = Generator<number, T, void>;

/** Runs work to its end without a stop. */
export function atOnce<T>(work: Stepwise<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Part of other work: its shares from 0 to 1 are those of the whole `from` .. `to`. */
export function* between<T>(work: Stepwise<T>, from: number, to: number): Stepwise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    yield from + (to - from) * step.value;
  }
}

/** Runs work to its end, however that is done. */
export type Pace = <T>(work: Stepwise<T>) => Promise<T>;

export const withoutStop: Pace = async (work) => atOnce(work);
