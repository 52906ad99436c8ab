/** What stays private and what becomes public: by the build's visibility before a proof, with the values after it. */
import type { BrowserProof, Manifest } from 'zkinfer/browser';
import { signalCalldata } from '../../../src/solidity/calldata.js';
import { proofToJson } from '../../../src/workflow/proof-json.js';
import { facts, h, oneLine } from '../common/dom.js';
import type { Court } from './attest.js';
import { answerOf } from './scores.js';

interface Made {
  readonly proof: BrowserProof;
  readonly court: Court | undefined;
  readonly nonce: bigint;
}

/** A button that saves text as a file. */
function saveButton(label: string, name: string, text: () => string): HTMLElement {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([text()], { type: 'application/json' }));
    const link = h('a', { href: url });
    link.download = name;
    link.click();
    URL.revokeObjectURL(url);
  };
  return h('button', { type: 'button', on: { click: save } }, label);
}

const list = (...items: readonly (string | Node | undefined)[]): HTMLElement =>
  h('ul', {}, ...items.flatMap((item) => (item === undefined ? [] : [h('li', {}, item)])));

export function privatePart({ visibility }: Manifest, inputName: string, made?: Made): HTMLElement {
  const salts = made?.proof.salts ?? {};
  const hasSalts = Object.keys(salts).length > 0;
  return h(
    'div',
    { class: 'grid' },
    list(
      visibility.input === 'public' ? undefined : `${inputName}, every value of it`,
      visibility.output === 'public' ? undefined : 'the answer',
      'everything the network computes on the way',
      hasSalts ? 'a random salt, without which nobody can test a guess' : undefined,
    ),
    made !== undefined && hasSalts
      ? h(
          'div',
          { class: 'grid' },
          h('p', { class: 'soft small' }, 'Keep the salt if you want to show one day what you committed to.'),
          h(
            'p',
            {},
            saveButton('Save the opening', 'opening.json', () => {
              const { salts: kept, outputs } = made.proof;
              const opened = salts.output === undefined ? {} : { outputs: outputs.map(({ integers }) => integers) };
              // As `zkinfer prove --opening` writes it, and `verify --opening` reads it.
              return `${JSON.stringify({ salts: kept, ...opened }, null, 1)}\n`;
            }),
          ),
        )
      : undefined,
  );
}

export function publicPart(manifest: Manifest, made?: Made): HTMLElement {
  const { visibility, modelHash } = manifest;
  const model = h('code', {}, modelHash);
  if (made === undefined)
    return list(
      h('span', {}, 'which network it was: the file with SHA-256 ', model),
      visibility.output === 'public' ? 'its answer, all scores' : 'a commitment to the answer',
      visibility.input === 'public'
        ? 'the input itself'
        : 'a commitment to the input: a salted hash, which says nothing of it',
      'whom the proof is for: chain, contract and account',
    );
  const { proof, court, nonce } = made;
  const { inputCommitment, output, context } = signalCalldata(manifest, proof.publicSignals);
  const answer = proof.outputs.map(answerOf).find((one) => one !== undefined);
  return h(
    'div',
    { class: 'grid' },
    facts([
      ['network', model],
      ...(visibility.output === 'public' && answer !== undefined
        ? [['answer', h('b', {}, oneLine(answer))] as const]
        : []),
      [
        visibility.output === 'public' ? 'scores, packed' : 'commitment to the answer',
        h('code', {}, oneLine(output, 700)),
      ],
      [visibility.input === 'public' ? 'hash of the input' : 'commitment to the input', h('code', {}, inputCommitment)],
      [
        'for',
        court === undefined
          ? 'anybody'
          : h(
              'span',
              {},
              h('code', {}, court.account),
              ` at chain ${court.chainId}’s contract `,
              h('code', {}, court.attestations),
            ),
      ],
      ['context', h('code', {}, String(context))],
      ['proof', 'eight numbers, 256 bytes, that say nothing more'],
    ]),
    h(
      'p',
      {},
      saveButton('Save proof.json', 'proof.json', () =>
        proofToJson({
          proof: proof.proof,
          publicSignals: proof.publicSignals,
          ...(court === undefined
            ? {}
            : { binding: { chainId: court.chainId, contract: court.attestations, account: court.account, nonce } }),
        }),
      ),
    ),
  );
}
