/** Where the explorer looks: an RPC and up to four contracts, from the page's address or its form. */
import { getAddress, isAddress } from 'ethers';
import { connect, type Rpc } from '../../../src/chain/rpc.js';

export const CONTRACTS = ['registry', 'attestations', 'provenance', 'market'] as const;
export type ContractName = (typeof CONTRACTS)[number];

/** As text, as the form has it. */
export type PlaceText = Readonly<Record<'rpc' | 'from' | ContractName, string>>;

export interface Place extends Readonly<Partial<Record<ContractName, string>>> {
  readonly rpc: Rpc;
  /** The first block that is read. */
  readonly from: number;
  /** The newest block when the page connected. */
  readonly head: number;
}

export const EMPTY_PLACE: PlaceText = {
  rpc: '',
  from: '0',
  registry: '',
  attestations: '',
  provenance: '',
  market: '',
};

/** The parameters of an address that name a place; undefined where it names no RPC. */
export function placeInAddress(search: string): PlaceText | undefined {
  const given = new URLSearchParams(search);
  if (!given.has('rpc')) return undefined;
  const text = (name: keyof PlaceText): string => (given.get(name) ?? EMPTY_PLACE[name]).trim();
  return {
    rpc: text('rpc'),
    from: text('from'),
    registry: text('registry'),
    attestations: text('attestations'),
    provenance: text('provenance'),
    market: text('market'),
  };
}

export function placeToAddress(place: PlaceText): string {
  return `?${new URLSearchParams(Object.entries(place).filter(([, value]) => value !== ''))}`;
}

/** A connection to the place. @throws Error that names the field, and the errors of `connect` */
export async function openPlace(text: PlaceText): Promise<Place> {
  if (!/^\d{1,15}$/.test(text.from)) throw new Error('the first block is a whole number');
  const addresses = CONTRACTS.flatMap((name) => {
    const given = text[name];
    if (given === '') return [];
    if (!isAddress(given)) throw new Error(`the ${name} is an address: 0x and 40 hexadecimal digits`);
    return [[name, getAddress(given)] as const];
  });
  if (addresses.length === 0) throw new Error('give the address of at least one contract');
  const rpc = await connect(new URL(text.rpc, location.href).href, { retry: { deadlineMs: 15_000 } });
  const [from, head] = [Number(text.from), await rpc.provider.getBlockNumber()];
  if (from > head) throw new Error(`the first block to read is ${from}, but the newest of this chain is ${head}`);
  return { ...Object.fromEntries(addresses), rpc, from, head };
}
