/** The explorer: reads a chain through whatever RPC its reader names, and writes nothing anywhere. */
import { byId, fill, h, note, problem } from '../common/dom.js';
import { readSiteInfo } from '../common/site-info.js';
import { showAttestations } from './attestations.js';
import { showMarket } from './market.js';
import { showModels } from './models.js';
import {
  type ContractName,
  CONTRACTS,
  EMPTY_PLACE,
  openPlace,
  type Place,
  placeInAddress,
  type PlaceText,
  placeToAddress,
} from './place.js';
import { section } from './section.js';

const FIELDS = {
  rpc: 'RPC (https://…)',
  registry: 'Registry',
  attestations: 'Attestations',
  provenance: 'Provenance ledger',
  market: 'Market',
  from: 'First block to read',
} as const satisfies Record<keyof PlaceText, string>;

interface View {
  readonly title: string;
  readonly explanation: string;
  readonly show: (place: Place, contract: string) => Promise<Node>;
}

/** What is shown of each contract; the provenance ledger is shown with models and attestations. */
const VIEWS: Record<ContractName, View | undefined> = {
  registry: {
    title: 'Models',
    explanation: 'ERC-7992 registry: every version is fixed by the hashes of its file, its circuit and its key.',
    show: showModels,
  },
  attestations: {
    title: 'Attestations',
    explanation:
      'Each was accepted by the model’s verifier when it was made: this input, this answer, for this account.',
    show: showAttestations,
  },
  provenance: undefined,
  market: {
    title: 'Market',
    explanation: 'Questions with a fee, answered by operators who risk a bond.',
    show: showMarket,
  },
};

const found = byId('found', HTMLElement);
const state = byId('state', HTMLElement);
const form = byId('where', HTMLFormElement);
const inputs = Object.fromEntries(
  (Object.keys(FIELDS) as (keyof PlaceText)[]).map((name) => {
    const input = h('input', { type: 'text', id: `where-${name}` });
    input.spellcheck = false;
    input.autocomplete = 'off';
    return [name, input];
  }),
) as Record<keyof PlaceText, HTMLInputElement>;

fill(
  form,
  h(
    'div',
    { class: 'fields' },
    ...(Object.keys(FIELDS) as (keyof PlaceText)[]).map((name) =>
      h('label', {}, h('span', {}, FIELDS[name]), inputs[name]),
    ),
  ),
  h('p', {}, h('button', { type: 'submit', class: 'main' }, 'Look')),
);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  const place = Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]),
  ) as unknown as PlaceText;
  history.replaceState(null, '', placeToAddress(place));
  void look(place);
});

function show(place: PlaceText): void {
  for (const [name, input] of Object.entries(inputs)) input.value = place[name as keyof PlaceText];
}

let open: Place | undefined;

async function look(text: PlaceText): Promise<void> {
  fill(state, h('p', { class: 'soft' }, 'Connecting…'));
  fill(found);
  open?.rpc.provider.destroy();
  open = undefined;
  try {
    const place = await openPlace(text);
    open = place;
    fill(state, note('good', h('b', {}, `Chain ${place.rpc.chainId}`), ` at ${place.rpc.host}, block ${place.head}.`));
    for (const name of CONTRACTS) {
      const [view, contract] = [VIEWS[name], place[name]];
      if (view === undefined || contract === undefined) continue;
      const part = section(view.title, `title-${name}`, view.explanation);
      found.append(part.element);
      void part.load(() => view.show(place, contract));
    }
  } catch (error) {
    fill(state, note('bad', problem(error)));
  }
}

const given = placeInAddress(location.search);
if (given !== undefined) {
  show(given);
  void look(given);
} else {
  const chain = (await readSiteInfo())?.chain;
  if (chain === undefined) {
    show(EMPTY_PLACE);
    fill(
      state,
      h('p', { class: 'soft' }, 'Name an RPC and the contracts to look at. The page’s address then keeps them.'),
    );
  } else {
    const { registry, attestations, provenance = '', market = '' } = chain;
    const place = { rpc: new URL('rpc', location.href).href, from: '0', registry, attestations, provenance, market };
    show(place);
    void look(place);
  }
}
