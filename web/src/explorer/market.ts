/** The market of bonded inference: its rules, the newest requests, who answers them and what they risk. */
import { formatEther, ZeroAddress } from 'ethers';
import {
  type MarketRequest,
  readEvents,
  readOperator,
  readParameters,
  readRequest,
  readRequestCount,
  readStakers,
  type Status,
} from '../../../src/ledger/market.js';
import { facts, h, hash, table, tag } from '../common/dom.js';
import { inTurns, windowsBackwards } from '../common/older.js';
import { timeText } from './blocks.js';
import type { Place } from './place.js';

const MOST_REQUESTS = 50;
const MOST_OPERATORS = 50;

const TAGS = {
  none: 'plain',
  open: 'plain',
  taken: 'warn',
  answered: 'warn',
  disputed: 'bad',
  accepted: 'good',
  cancelled: 'plain',
} as const satisfies Record<Status, 'good' | 'bad' | 'warn' | 'plain'>;

export async function showMarket(place: Place, market: string): Promise<Node> {
  const { rpc } = place;
  const [rules, count] = await Promise.all([readParameters(rpc, market), readRequestCount(rpc, market)]);
  const wanted = Math.min(MOST_REQUESTS, Number(count));
  const numbers = Array.from({ length: wanted }, (_, i) => count - BigInt(i));
  const requests = await inTurns(numbers, (id) => readRequest(rpc, market, id));
  const [window] = windowsBackwards(place.head, place.from);
  const [stakers, events] = await Promise.all([
    readStakers(rpc, market, window.first, window.last),
    readEvents(rpc, market, window.first, window.last),
  ]);
  const seen = requests.map(({ operator }) => operator).filter((one) => one !== ZeroAddress);
  const accounts = [...new Set([...stakers, ...seen])].slice(0, MOST_OPERATORS);
  const operators = await inTurns(accounts, async (account) => ({
    account,
    ...(await readOperator(rpc, market, account)),
  }));
  const happened = (name: string, account: string): string =>
    String(events.filter((one) => one.name === name && one.args.operator === account).length);
  return h(
    'div',
    { class: 'grid' },
    facts([
      ['to dispute an answer', span(rules.challengeWindow)],
      ['to prove a disputed one', span(rules.proveWindow)],
      ['least bond', ether(rules.minBond)],
      ['bond of a dispute', ether(rules.challengeBond)],
    ]),
    h('h3', {}, `Requests (the newest ${requests.length} of ${count})`),
    requests.length === 0
      ? h('p', { class: 'soft' }, 'Nobody has asked yet.')
      : table(
          'Requests',
          ['no.', 'state', 'model', 'mode', 'fee', 'bond', 'asked by', 'operator', 'due'],
          requests.map((one) => [
            String(one.id),
            tag(TAGS[one.status], one.status),
            `${one.modelId}, version ${one.version}`,
            one.mode,
            feeOf(one),
            ether(one.bond),
            hash(one.asker),
            one.operator === ZeroAddress ? 'nobody yet' : hash(one.operator),
            timeText(one.status === 'open' ? one.deadline : one.due),
          ]),
        ),
    h('h3', {}, `Operators (seen since block ${window.first})`),
    operators.length === 0
      ? h('p', { class: 'soft' }, 'Nobody has staked.')
      : table(
          'Operators',
          ['account', 'stake', 'at risk', 'leaving', 'accepted', 'slashed'],
          operators.map((one) => [
            hash(one.account),
            ether(one.stake),
            ether(one.locked),
            ether(one.unbonding),
            happened('Accepted', one.account),
            happened('Slashed', one.account),
          ]),
        ),
  );
}

const ether = (wei: bigint): string => `${formatEther(wei)} ether`;

function feeOf({ fee, token }: MarketRequest): Node | string {
  return token === ZeroAddress ? ether(fee) : h('span', {}, `${fee} of `, hash(token));
}

function span(seconds: number): string {
  return seconds % 3_600 === 0 ? `${seconds / 3_600} h` : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
