/** The part of ffjavascript (snarkjs's field and curve arithmetic) that tests use. */
declare module 'ffjavascript' {
  interface Field {
    random(): Uint8Array;
    e(n: bigint): Uint8Array;
    add(a: Uint8Array, b: Uint8Array): Uint8Array;
    sub(a: Uint8Array, b: Uint8Array): Uint8Array;
    mul(a: Uint8Array, b: Uint8Array): Uint8Array;
    div(a: Uint8Array, b: Uint8Array): Uint8Array;
    toObject(a: Uint8Array): bigint;
  }
  interface Group {
    g: Uint8Array;
    timesFr(point: Uint8Array, scalar: Uint8Array): Uint8Array;
    toAffine(point: Uint8Array): Uint8Array;
    toObject(point: Uint8Array): unknown;
    fromObject(point: unknown): Uint8Array;
    zero: Uint8Array;
    add(a: Uint8Array, b: Uint8Array): Uint8Array;
    isZero(point: Uint8Array): boolean;
    isValid(point: Uint8Array): boolean;
    timesScalar(point: Uint8Array, scalar: bigint): Uint8Array;
  }
  export interface Curve {
    Fr: Field;
    G1: Group;
    G2: Group;
    /** Whether the product of the pairings of these pairs is one. */
    pairingEq(...pairs: readonly Uint8Array[]): Promise<boolean>;
  }
  export function buildBn128(singleThread: boolean): Promise<Curve>;
}
