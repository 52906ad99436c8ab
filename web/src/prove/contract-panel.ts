/** The fourth step: who sends, the contract's ruling, and its ruling on the same proof with another answer. */
import { getAddress, isAddress } from 'ethers';
import { forgeOutput } from '../../../src/workflow/forge.js';
import { outputsFromSignals } from '../../../src/workflow/outputs.js';
import type { SiteChain, SiteModel } from '../../shared/site-info.js';
import { facts, fill, h, hash, note, oneLine, problem } from '../common/dom.js';
import { askContract, attest, chainIdOf, type Claim, type Court } from './attest.js';
import { answerOf } from './scores.js';
import { findWallets, localWallet, type Wallet } from './wallets.js';

/** A claim, who brings it, and where to. */
interface Case {
  readonly claim: Claim;
  readonly court: Court;
  readonly wallet: Wallet;
}

export interface ContractPanel {
  readonly element: HTMLElement;
  /** Whom a proof made now is for; undefined where nobody is chosen, or nothing is known of their chain's contracts. */
  court(): { readonly court: Court; readonly wallet: Wallet } | undefined;
  /** Ends when the account of the chosen sender is known, or cannot be had. */
  settled(): Promise<void>;
  setModel(model: SiteModel | undefined, chain: SiteChain | undefined): void;
  /** The proof that can be sent; undefined takes it away. */
  setProof(made: Case | undefined): void;
}

interface PanelOptions {
  /** Called when a proof would be made for somebody else now. */
  readonly changed: () => void;
  readonly announce: (text: string) => void;
}

export function contractPanel({ changed, announce }: PanelOptions): ContractPanel {
  let model: SiteModel | undefined;
  let chain: SiteChain | undefined;
  let made: Case | undefined;
  let chosen: { wallet: Wallet; account: string; chainId: number } | undefined;
  const wallets: Wallet[] = [localWallet(new URL('rpc', location.href).href)];

  const senders = h('fieldset', {});
  const trouble = h('div', { role: 'alert' });
  const given = new URLSearchParams(location.search);
  const field = (name: string): HTMLInputElement => {
    const input = h('input', { type: 'text', on: { change: () => changed() } });
    input.value = given.get(name) ?? '';
    input.spellcheck = false;
    return input;
  };
  const [attestations, modelId] = [field('attestations'), field('model')];
  const elsewhere = h(
    'details',
    {},
    h('summary', {}, 'Contracts on another chain'),
    h(
      'p',
      { class: 'soft small' },
      'For a wallet on a chain where this very build is registered (zkinfer deploy, zkinfer register).',
    ),
    h(
      'div',
      { class: 'fields' },
      h('label', {}, h('span', {}, 'Attestations contract'), attestations),
      h('label', {}, h('span', {}, 'Number of the model there'), modelId),
    ),
  );
  const send = h('button', { type: 'button', class: 'main', id: 'send', disabled: true }, 'Send it to the contract');
  const forge = h('button', { type: 'button', id: 'forge', disabled: true }, 'Change the answer, same proof');
  const rulings = h('div', { class: 'grid', id: 'rulings', aria: { live: 'polite' } });

  const courtOf = (): Court | undefined => {
    if (chosen === undefined) return undefined;
    const { account, chainId } = chosen;
    if (chainId === chain?.chainId && model?.registered !== undefined)
      return { account, chainId, attestations: chain.attestations, modelId: BigInt(model.registered.modelId) };
    if (!isAddress(attestations.value.trim()) || !/^\d{1,78}$/.test(modelId.value.trim())) return undefined;
    return {
      account,
      chainId,
      attestations: getAddress(attestations.value.trim()),
      modelId: BigInt(modelId.value.trim()),
    };
  };

  const heard = new Set<Wallet>();
  let choosing: Promise<void> = Promise.resolve();
  const choose = (wallet: Wallet): void => {
    choosing = askAccount(wallet);
  };
  let asked = 0;
  const askAccount = async (wallet: Wallet): Promise<void> => {
    const own = (asked += 1);
    chosen = undefined;
    fill(trouble);
    // Here and not when the account is known: a proof that is asked for meanwhile waits for it, and is not in vain.
    changed();
    if (!heard.has(wallet)) {
      heard.add(wallet);
      // Another account or chain in the wallet is another sender.
      for (const event of ['accountsChanged', 'chainChanged'])
        wallet.provider.on?.(event, () => chosen?.wallet === wallet && choose(wallet));
    }
    try {
      const account = getAddress(await wallet.account());
      const chainId = await chainIdOf(wallet.provider);
      if (own !== asked) return;
      chosen = { wallet, account, chainId };
      if (courtOf() === undefined)
        fill(
          trouble,
          note(
            'warn',
            `This account is on chain ${chosen.chainId}: name the attestations contract and the model there, below.`,
          ),
        );
    } catch (error) {
      if (own === asked) fill(trouble, note('bad', problem(error)));
    }
  };
  const showSenders = (): void => {
    const selected = Math.max(
      0,
      wallets.findIndex((one) => one === chosen?.wallet),
    );
    fill(
      senders,
      h('legend', {}, 'Who sends it'),
      h(
        'div',
        { class: 'choices' },
        ...wallets.map((wallet, i) => {
          const radio = h('input', { type: 'radio', on: { change: () => choose(wallet) } });
          radio.name = 'sender';
          radio.checked = i === selected;
          return h('label', {}, radio, h('b', {}, wallet.name));
        }),
      ),
    );
  };
  findWallets((wallet) => {
    wallets.push(wallet);
    showSenders();
  });
  showSenders();

  const show = (ruling: HTMLElement): void => {
    rulings.prepend(ruling);
    ruling.scrollIntoView({ block: 'nearest' });
  };
  const working = async (button: HTMLButtonElement, work: () => Promise<void>): Promise<void> => {
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      show(note('bad', h('b', {}, 'That did not work. '), problem(error)));
    }
    button.disabled = made === undefined;
  };
  send.addEventListener('click', () => {
    const now = made;
    if (now === undefined) return;
    void working(send, async () => {
      const ruling = await attest(now.wallet.provider, now.court, now.claim);
      if (!ruling.accepted) {
        announce(`The contract refused it: ${ruling.reason}`);
        return show(note('bad', h('b', {}, 'Refused. '), `The contract’s reason: ${oneLine(ruling.reason)}.`));
      }
      announce('The contract accepted the proof.');
      show(
        note(
          'good',
          h('p', {}, h('b', {}, 'Accepted. '), 'The contract checked the proof and has put the answer on record.'),
          facts([
            ['answer', claimed(now.claim) ?? 'not public'],
            ['attestation', hash(ruling.attestation)],
            ['transaction', hash(ruling.transaction)],
            ['block', String(ruling.block)],
            ['gas', ruling.gasUsed.toLocaleString('en-US')],
          ]),
          h('p', {}, h('a', { href: 'explorer.html' }, 'See it in the explorer')),
        ),
      );
    });
  });
  forge.addEventListener('click', () => {
    const now = made;
    if (now === undefined) return;
    void working(forge, async () => {
      const { claim, court, wallet } = now;
      const outputs = outputsFromSignals(claim.manifest, claim.publicSignals);
      if (outputs === undefined) throw new Error('this model keeps its answers to itself, so there is none to change');
      const forged = { ...claim, ...forgeOutput(claim, claim.manifest, outputs[0]) };
      const reason = await askContract(wallet.provider, court, forged);
      const [is, says] = [claimed(claim), claimed(forged)];
      const what = is === undefined || says === undefined ? 'another answer' : `${says} instead of ${is}`;
      announce(reason === undefined ? 'The contract accepted a forgery.' : `The contract refused ${what}.`);
      show(
        reason === undefined
          ? note('bad', h('b', {}, 'ACCEPTED a forgery. '), 'Do not use this contract.')
          : note(
              'warn',
              h('b', {}, 'Refused, as it must be. '),
              `The same proof, claiming ${what}: the contract answers ${oneLine(reason)}.`,
            ),
      );
    });
  });

  const element = h(
    'div',
    { class: 'grid' },
    h(
      'p',
      { class: 'soft' },
      'The proof is made for one account at one contract on one chain; nobody else can use it. Choose before you prove.',
    ),
    senders,
    trouble,
    elsewhere,
    h('div', { class: 'row' }, send, forge),
    rulings,
  );
  return {
    element,
    court: () => {
      const court = courtOf();
      return court === undefined || chosen === undefined ? undefined : { court, wallet: chosen.wallet };
    },
    settled: () => choosing,
    setModel(newModel, newChain) {
      const isNew = chain === undefined && newChain !== undefined;
      [model, chain] = [newModel, newChain];
      element.hidden = false;
      if (isNew && chosen === undefined) choose(wallets[0]);
    },
    setProof(next) {
      made = next;
      send.disabled = forge.disabled = next === undefined;
      if (next === undefined) fill(rulings);
    },
  };
}

/** The answer that a claim's public signals carry. */
function claimed({ manifest, publicSignals }: Claim): string | undefined {
  const output = outputsFromSignals(manifest, publicSignals)?.[0];
  return output === undefined ? undefined : answerOf(output);
}
