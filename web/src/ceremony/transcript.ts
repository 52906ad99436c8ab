/** What a key says of those who made it. */
import type { ContributionRecord, KeyRecord } from 'zkinfer/browser';
import { facts, h, oneLine, tag } from '../common/dom.js';

/** A contribution's hash in four lines of four words, as snarkjs prints it and people compare it. */
export function hashLines(hash: string): string {
  const words = (oneLine(hash, 200).match(/.{1,8}/g) ?? []).map((word) => word);
  return Array.from({ length: Math.ceil(words.length / 4) }, (_, i) => words.slice(4 * i, 4 * i + 4).join(' ')).join(
    '\n',
  );
}

/** The transcript as text to publish. */
export function transcriptText(
  { circuitHash }: Pick<KeyRecord, 'circuitHash'>,
  name: string,
  contribution: ContributionRecord,
): string {
  const author = name === '' ? 'anonymous' : oneLine(name, 64);
  return `zkinfer ceremony\ncircuit hash ${circuitHash}\ncontribution by ${author}\n${hashLines(contribution.hash)}\n`;
}

export function showTranscript({
  wires,
  publicSignals,
  domainSize,
  finished,
  circuitHash,
  contributions,
}: KeyRecord): HTMLElement {
  const rows = contributions.map((one, i) =>
    h(
      'li',
      {},
      h(
        'div',
        { class: 'row' },
        h('b', {}, one.name === undefined ? `Number ${i + 1}` : oneLine(one.name, 64)),
        one.kind === 'beacon' ? tag('plain', `beacon, 2^${one.iterationsExp} hashes`) : undefined,
      ),
      h('pre', { class: 'mono' }, hashLines(one.hash)),
    ),
  );
  return h(
    'div',
    { class: 'grid' },
    facts([
      [
        'state',
        finished
          ? tag('good', 'has contributions')
          : h('span', {}, tag('warn', 'unfinished'), ' nobody contributed yet: anybody can forge under it'),
      ],
      [
        'size',
        `${wires.toLocaleString('en-US')} wires, domain of ${domainSize.toLocaleString('en-US')}, ${publicSignals} public signals`,
      ],
      ['circuit hash', h('code', {}, oneLine(circuitHash, 200))],
    ]),
    h('h3', {}, `Contributions (${contributions.length})`),
    rows.length === 0 ? h('p', { class: 'soft' }, 'None.') : h('ol', { class: 'transcript' }, ...rows),
  );
}
