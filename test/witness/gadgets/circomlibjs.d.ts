declare module 'circomlibjs' {
  interface Poseidon {
    (inputs: readonly bigint[]): Uint8Array;
    readonly F: { toObject(value: Uint8Array): bigint };
  }
  export function buildPoseidon(): Promise<Poseidon>;
}
