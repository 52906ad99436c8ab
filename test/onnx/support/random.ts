/** A seeded generator (mulberry32), so that a failing case stays the same case. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Numbers spread over [-2, 2), of float32 precision. */
export function randomFloats(length: number, random: () => number): Float32Array {
  return Float32Array.from({ length }, () => random() * 4 - 2);
}
