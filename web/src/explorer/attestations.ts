/** Who attested what and when; of each, everything the chain has, and the lineage of the model that answered. */
import { isAddress } from 'ethers';
import { type Attestation, type AttestationFilter, listAttestations } from '../../../src/chain/attestations.js';
import { lineageOfAttestation } from '../../../src/provenance/lineage.js';
import { facts, fill, h, hash, note, oneLine, problem, table } from '../common/dom.js';
import { inTurns, type Window } from '../common/older.js';
import { blockTimes } from './blocks.js';
import { showLineage } from './lineage.js';
import { olderBlocks } from './older-blocks.js';
import type { Place } from './place.js';

/** Rows of one window; a filter finds the others. */
const MOST_ROWS = 100;

export async function showAttestations(place: Place, contract: string): Promise<Node> {
  const model = h('input', { type: 'text' });
  model.inputMode = 'numeric';
  const prover = h('input', { type: 'text' });
  const result = h('div', {});
  const form = h(
    'form',
    {},
    h(
      'div',
      { class: 'fields' },
      h('label', {}, h('span', {}, 'Only of model (its number)'), model),
      h('label', {}, h('span', {}, 'Only by account'), prover),
    ),
    h('p', {}, h('button', { type: 'submit' }, 'Filter')),
  );
  const search = async (): Promise<void> => {
    fill(result, h('p', { class: 'soft' }, 'Reading…'));
    try {
      fill(result, await list(place, contract, filterFrom(model.value.trim(), prover.value.trim())));
    } catch (error) {
      fill(result, note('bad', problem(error)));
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void search();
  });
  await search();
  return h('div', { class: 'grid' }, form, result);
}

function filterFrom(model: string, prover: string): AttestationFilter {
  if (model !== '' && !/^\d{1,78}$/.test(model)) throw new Error('a model is known by its number');
  if (prover !== '' && !isAddress(prover)) throw new Error('an account is 0x and 40 hexadecimal digits');
  return { ...(model === '' ? {} : { modelId: BigInt(model) }), ...(prover === '' ? {} : { prover }) };
}

async function list(place: Place, contract: string, filter: AttestationFilter): Promise<Node> {
  const times = blockTimes(place.rpc);
  const rows = h('div', { class: 'grid' });
  const detail = h('div', { tabindex: '-1' });
  let count = 0;
  const read = async (window: Window): Promise<string> => {
    const all = await listAttestations(place.rpc, contract, filter, window.first, window.last);
    const newest = all.slice(-MOST_ROWS).reverse();
    const made = await inTurns(newest, (one) => times(one.blockNumber));
    count += all.length;
    if (newest.length > 0)
      rows.append(
        table(
          `Attestations in blocks ${window.first} to ${window.last}`,
          ['when', 'model', 'by', 'input', 'answer', 'from'],
          newest.map((one, i) => [
            made[i] === '' ? `block ${one.blockNumber}` : made[i],
            `${one.modelId}, version ${one.version}`,
            hash(one.prover),
            hash(one.inputCommitment),
            hash(one.output),
            h(
              'button',
              {
                type: 'button',
                aria: { label: `Lineage of attestation ${one.id.slice(0, 10)}` },
                on: { click: () => void show(one) },
              },
              'Lineage',
            ),
          ]),
        ),
      );
    const left = all.length > MOST_ROWS ? ` The newest ${MOST_ROWS} of each range are listed; filter for others.` : '';
    return `${count} attestation${count === 1 ? '' : 's'} since block ${window.first}.${left}`;
  };
  const show = async (one: Attestation): Promise<void> => {
    const drawn = h('div', {}, h('p', { class: 'soft' }, 'Reading where the model comes from…'));
    fill(detail, h('h3', {}, 'Attestation'), allOf(one), drawn);
    detail.focus();
    if (place.provenance === undefined)
      return fill(drawn, note('warn', 'Give the address of a provenance ledger to see where the model comes from.'));
    try {
      fill(drawn, showLineage(await lineageOfAttestation(place.rpc, place.provenance, contract, one.id)));
    } catch (error) {
      fill(drawn, note('warn', problem(error)));
    }
  };
  return h('div', { class: 'grid' }, rows, await olderBlocks(place, read), detail);
}

function allOf(one: Attestation): HTMLElement {
  const { id, modelId, version, prover, inputCommitment, context, output, blockNumber, transaction } = one;
  return facts([
    ['identifier', h('code', {}, oneLine(id))],
    ['model', `${modelId}, version ${version}`],
    ['by', h('code', {}, oneLine(prover))],
    ['input', h('code', {}, oneLine(inputCommitment))],
    ['answer', h('code', {}, oneLine(output, 1_400))],
    ['context', h('code', {}, String(context))],
    ['block', String(blockNumber)],
    ['transaction', h('code', {}, oneLine(transaction))],
  ]);
}
