/** What the server of `npm run web` tells its pages: `GET /site.json`. Without that server the explorer has its form. */

/** How an input is made: drawn, taken from rows of a table, or typed. */
export type InputKind = 'digit' | 'table' | 'values';

export type ModelState = 'waiting' | 'making' | 'ready' | 'failed';

export interface SiteModel {
  /** Name of the build: letters, digits, dashes. */
  readonly name: string;
  readonly title: string;
  readonly inputKind: InputKind;
  readonly state: ModelState;
  /** What is being done, or why it failed. */
  readonly note?: string;
  /** Rows of inputs to choose from: `{ "input_data": [...] }`. */
  readonly examples?: string;
  /** Where the verifier is, once it is registered. */
  readonly registered?: { readonly modelId: string; readonly version: number; readonly verifier: string };
}

export interface SiteChain {
  readonly chainId: number;
  readonly registry: string;
  readonly attestations: string;
  /** Provenance ledger and market, once they are deployed. */
  readonly provenance?: string;
  readonly market?: string;
}

export interface SiteInfo {
  readonly models: readonly SiteModel[];
  /** Where pages find the compiler (`zkinfer export-compiler`), once it is exported. */
  readonly compiler?: string;
  /** The chain that the command started; its RPC is `/rpc` of the same server. */
  readonly chain?: SiteChain;
}

/** The largest ONNX file, with its calibration rows, that the server compiles. */
export const MOST_UPLOAD_BYTES = 2 ** 26;
