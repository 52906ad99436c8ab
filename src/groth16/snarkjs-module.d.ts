/** The part of snarkjs 0.7 that is used here; the package carries no types. */
declare module 'snarkjs' {
  /** A path, or a growing buffer in memory. */
  type File = string | { type: 'mem'; data?: Uint8Array };
  interface Logger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  }

  export const powersOfTau: {
    newAccumulator(curve: unknown, power: number, file: File, logger?: Logger): Promise<Uint8Array>;
    contribute(before: File, after: File, name: string, entropy: string, logger?: Logger): Promise<Uint8Array>;
    verify(file: File, logger?: Logger): Promise<boolean>;
    preparePhase2(before: File, after: File, logger?: Logger): Promise<void>;
  };

  export const zKey: {
    newZKey(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<Uint8Array | -1>;
    contribute(before: File, after: File, name: string, entropy: string, logger?: Logger): Promise<Uint8Array>;
    beacon(
      before: File,
      after: File,
      name: string,
      hash: string,
      iterationsExp: number,
      logger?: Logger,
    ): Promise<Uint8Array | false>;
    exportVerificationKey(zkey: File, logger?: Logger): Promise<unknown>;
    verifyFromInit(initial: File, ptau: File, zkey: File, logger?: Logger): Promise<boolean>;
    verifyFromR1cs(r1cs: File, ptau: File, zkey: File, logger?: Logger): Promise<boolean>;
  };

  export const groth16: {
    prove(zkey: File, witness: File, logger?: Logger): Promise<{ proof: unknown; publicSignals: string[] }>;
    verify(key: unknown, publicSignals: readonly string[], proof: unknown, logger?: Logger): Promise<boolean>;
  };

  export const wtns: {
    calculate(input: Record<string, unknown>, wasm: File, witness: File): Promise<void>;
    check(r1cs: File, witness: File, logger?: Logger): Promise<boolean>;
    exportJson(witness: File): Promise<bigint[]>;
  };

  /** Operations on points as files hold them: Montgomery, little-endian. */
  interface Group {
    readonly g: Uint8Array;
    neg(point: Uint8Array): Uint8Array;
    isValid(point: Uint8Array): boolean;
    isZero(point: Uint8Array): boolean;
    timesScalar(point: Uint8Array, scalar: bigint): Uint8Array;
    /**
     * The sum of the points, each times its scalar: as many bytes, little-endian, for each as there are in all for each
     * point.
     */
    multiExpAffine(points: Uint8Array, scalars: Uint8Array): Promise<Uint8Array>;
  }
  interface Curve {
    readonly r: bigint;
    readonly G1: Group;
    readonly G2: Group;
    /** Whether the product of the pairings of these pairs is one. */
    pairingEq(...pairs: readonly Uint8Array[]): Promise<boolean>;
    terminate(): Promise<void>;
  }

  export const curves: {
    getCurveFromName(name: string, options?: { singleThread?: boolean }): Promise<Curve>;
  };
}
