/**
 * Randomness of a contributor's own: where and when the pointer moved, when keys were pressed. It is mixed with the
 * system's; either alone would do, so neither needs to be trusted.
 *
 * The trap: what was collected is a secret. It is hashed together once, then overwritten, and never shown.
 */

/** Events after which there is enough: each is worth a few bits, and 128 are wanted. */
const ENOUGH_EVENTS = 200;
const MOST_EVENTS = 4_000;

export interface EntropyPool {
  add(...numbers: readonly number[]): void;
  /** In [0, 1]. */
  share(): number;
  /** 64 bytes of what was collected and of the system's; forgets what was collected. */
  take(): Promise<Uint8Array>;
}

export function entropyPool(): EntropyPool {
  let collected: number[] = [];
  let events = 0;
  return {
    add(...numbers) {
      events += 1;
      if (events > MOST_EVENTS) return;
      collected.push(...numbers);
    },
    share: () => Math.min(1, events / ENOUGH_EVENTS),
    async take() {
      const own = new Uint8Array(Float64Array.from(collected).buffer);
      const system = crypto.getRandomValues(new Uint8Array(64));
      const all = new Uint8Array([...own, ...system]);
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', all));
      for (const secret of [own, system, all]) secret.fill(0);
      collected.fill(0);
      collected = [];
      events = 0;
      return digest;
    },
  };
}
