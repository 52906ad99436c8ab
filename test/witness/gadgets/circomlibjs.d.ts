declare module 'circomlibjs' {
  interface Poseidon {
    (inputs: readonly bigint[], initialState?: bigint): Uint8Array;
    readonly F: { toObject(value: Uint8Array): bigint };
  }
  export function buildPoseidon(): Promise<Poseidon>;
}
