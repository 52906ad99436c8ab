/** The page that proves: a model, an input, its scores, a proof made here, and a contract that decides. */
import { type BrowserBuild, type BuildInMemory, openBuild } from 'zkinfer/browser';
import { contextFor } from '../../../src/solidity/context.js';
import type { SiteInfo, SiteModel } from '../../shared/site-info.js';
import { byId, fill, h, note, oneLine, problem, seconds, tag } from '../common/dom.js';
import { readSiteInfo } from '../common/site-info.js';
import { contractPanel } from './contract-panel.js';
import { privatePart, publicPart } from './disclosure.js';
import type { InputEditor, InputValues } from './inputs/editor.js';
import { EDITORS } from './inputs/index.js';
import { compiledPart } from './compiled.js';
import { fetchVerificationKey, verificationKeyOf } from './key.js';
import { showScores } from './scores.js';
import { uploadForm } from './upload.js';

/** Milliseconds between looks at what the server is making. */
const POLL_MS = 1_000;
/** Milliseconds that a drawing rests before the model runs. */
const REST_MS = 40;

const parts = {
  models: byId('models', HTMLElement),
  upload: byId('upload', HTMLElement),
  input: byId('input', HTMLElement),
  scores: byId('scores', HTMLElement),
  proving: byId('proving', HTMLElement),
  contract: byId('contract', HTMLElement),
  private: byId('private', HTMLElement),
  public: byId('public', HTMLElement),
  live: byId('live', HTMLElement),
  /** Of the network that this page compiled last. */
  compiled: h('div', {}),
};
const button = byId('prove', HTMLButtonElement);
const announce = (text: string): void => void (parts.live.textContent = text);

/** The model that is open, and what is known of it. */
interface Opened {
  readonly model: SiteModel;
  readonly build: BrowserBuild;
  readonly editor: InputEditor;
}

/** Networks that this page compiled, and what it has of them. */
const own = new Map<string, { readonly model: SiteModel; readonly build: BuildInMemory }>();
const allModels = (): SiteModel[] => [...(site?.models ?? []), ...Array.from(own.values(), ({ model }) => model)];

let site: SiteInfo | undefined;
let wanted: string | undefined = new URLSearchParams(location.search).get('network') ?? undefined;
let opened: Opened | undefined;
let opening: AbortController | undefined;
let proving: AbortController | undefined;
/** Why the key of the model that is open cannot be had. */
let keyTrouble: { readonly error: unknown; readonly model: SiteModel } | undefined;
let nonce = 0n;

const panel = contractPanel({ changed: dropProof, announce });
fill(parts.contract, panel.element);

function dropProof(): void {
  proving?.abort(new Error('stopped'));
  panel.setProof(undefined);
  fill(parts.proving);
  if (keyTrouble !== undefined) {
    const { error, model } = keyTrouble;
    showTrouble(parts.proving, error, () => void open(model));
  }
  if (opened === undefined) return;
  const { build, editor } = opened;
  fill(parts.private, privatePart(build.manifest, editor.name));
  fill(parts.public, publicPart(build.manifest));
}

// Which model

const STATES = {
  waiting: 'waits for its turn',
  making: 'being made ready…',
  ready: '',
  failed: 'failed',
} as const satisfies Record<SiteModel['state'], string>;

function showModels(): void {
  const models = allModels();
  const focused = document.activeElement instanceof HTMLInputElement ? document.activeElement.value : undefined;
  const radios = new Map<string, HTMLInputElement>();
  const choices = models.map((model) => {
    const radio = h('input', { type: 'radio', on: { change: () => choose(model.name) } });
    radio.name = 'network';
    radio.value = model.name;
    radio.disabled = model.state !== 'ready';
    radio.checked = model.name === wanted;
    radios.set(model.name, radio);
    const { circuit } = opened?.model.name === model.name ? opened.build.manifest : {};
    const size = circuit === undefined ? '' : `${circuit.constraints.toLocaleString('en-US')} constraints`;
    const state = model.state === 'making' ? `${model.note ?? ''}…` : STATES[model.state] || size || 'ready';
    return h('label', {}, radio, h('b', {}, oneLine(model.title, 60)), h('span', { class: 'soft' }, oneLine(state)));
  });
  const failed = models.filter(({ state }) => state === 'failed');
  fill(
    parts.models,
    h('fieldset', {}, h('legend', { class: 'hidden-text' }, 'Network'), h('div', { class: 'choices' }, ...choices)),
    ...failed.map(({ title, note: why }) =>
      note('bad', h('b', {}, `${oneLine(title, 60)}: `), oneLine(why ?? '', 600)),
    ),
  );
  if (focused !== undefined) radios.get(focused)?.focus();
}

function choose(name: string): void {
  wanted = name;
  const model = allModels().find((one) => one.name === name);
  if (model?.state === 'ready') void open(model);
}

let shown = '';
async function watch(): Promise<void> {
  const found = await readSiteInfo();
  if (found !== undefined) site = found;
  if (site === undefined) {
    fill(
      parts.models,
      note('bad', 'The server of this page does not answer. Is ', h('code', {}, 'npm run web'), ' still running?'),
    );
  } else {
    const models = allModels();
    wanted ??= models.find(({ state }) => state !== 'failed')?.name;
    const text = JSON.stringify(models);
    if (text !== shown) showModels();
    shown = text;
    const model = models.find(({ name }) => name === wanted);
    if (model?.state === 'ready' && opened === undefined && opening === undefined) void open(model);
    // The sender's account is asked for while the model is fetched.
    const shownName = opened?.model.name ?? wanted;
    panel.setModel(
      models.find(({ name }) => name === shownName),
      site.chain,
    );
  }
  const isDone = site?.models.every(({ state }) => state === 'ready' || state === 'failed') ?? false;
  if (!isDone) setTimeout(() => void watch(), POLL_MS);
}

/** Opens a model in place of the one that is open. */
async function open(model: SiteModel): Promise<void> {
  opening?.abort(new Error('another model was chosen'));
  const stop = new AbortController();
  const compiled = own.get(model.name);
  opening = stop;
  keyTrouble = undefined;
  dropProof();
  opened?.build.close();
  opened = undefined;
  button.disabled = true;
  fill(parts.scores, h('p', { class: 'soft' }, 'Scores appear as soon as there is an input.'));
  fill(parts.input, h('p', { class: 'soft' }, 'Fetching the network…'));
  try {
    const folder = new URL(`builds/${model.name}/`, location.href).href;
    const [build, examples] = await Promise.all([
      openBuild(compiled?.build ?? folder, { signal: stop.signal }),
      fetchExamples(model, stop.signal),
    ]);
    if (stop.signal.aborted) return build.close();
    const { inputs } = build.manifest;
    const fitting = examples.filter(
      (one) => inputs.length === 1 && one[0].length === inputs[0].shape.reduce((a, b) => a * b, 1),
    );
    const editor = EDITORS[model.inputKind]({ inputs, examples: fitting, changed });
    opened = { model, build, editor };
    fill(parts.input, editor.element);
    panel.setModel(model, site?.chain);
    build.ready.catch((error: unknown) => {
      if (opened?.build !== build) return;
      keyTrouble = { error, model };
      dropProof();
    });
    dropProof();
    showModels();
    changed();
  } catch (error) {
    if (!stop.signal.aborted) showTrouble(parts.input, error, () => void open(model));
  } finally {
    if (opening === stop) opening = undefined;
  }
}

function showTrouble(where: HTMLElement, error: unknown, again: () => void): void {
  const retry = h('button', { type: 'button', on: { click: again } }, 'Try again');
  fill(where, note('bad', h('p', {}, problem(error)), retry));
  announce(problem(error));
}

async function fetchExamples({ examples }: SiteModel, signal: AbortSignal): Promise<InputValues[]> {
  if (examples === undefined) return [];
  try {
    const { input_data: rows } = (await (await fetch(examples, { signal })).json()) as { input_data: number[][] };
    return rows.map((row) => [Float64Array.from(row.flat(8))]);
  } catch {
    return []; // They are a convenience.
  }
}

// What it says

let timer: ReturnType<typeof setTimeout> | undefined;
let runs = 0;

function changed(): void {
  dropProof();
  clearTimeout(timer);
  timer = setTimeout(() => void run(), REST_MS);
}

async function run(): Promise<void> {
  if (opened === undefined) return;
  const { build, editor } = opened;
  const own = (runs += 1);
  const input = editor.values();
  button.disabled = input === undefined;
  if (input === undefined)
    return fill(parts.scores, h('p', { class: 'soft' }, 'Scores appear as soon as there is an input.'));
  try {
    const outputs = await build.run(input);
    if (own !== runs) return;
    fill(
      parts.scores,
      showScores(
        outputs,
        build.manifest.outputs.map(({ labels }) => labels),
      ),
    );
  } catch (error) {
    if (own !== runs) return;
    button.disabled = true;
    fill(parts.scores, note('bad', problem(error)));
  }
}

// The proof

button.addEventListener('click', () => {
  if (proving !== undefined) proving.abort(new Error('stopped'));
  else void prove();
});

/** Rejects when the signal says so: a wallet may wait for its owner for as long as that takes. */
function stopOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
}

async function prove(): Promise<void> {
  const input = opened?.editor.values();
  if (opened === undefined || input === undefined) return;
  dropProof();
  const { model, build, editor } = opened;
  const { manifest } = build;
  const stop = new AbortController();
  const compiled = own.get(model.name);
  proving = stop;
  button.textContent = 'Stop';
  const bar = h('progress', { aria: { label: 'Progress of the proof' } });
  bar.max = 1;
  const doing = h('p', { class: 'soft small' }, 'Starting…');
  fill(parts.proving, h('div', { class: 'grid' }, bar, doing));
  announce('Proving.');
  const ownNonce = nonce;
  nonce += 1n;
  const start = performance.now();
  try {
    await Promise.race([panel.settled(), stopOf(stop.signal)]);
    stop.signal.throwIfAborted();
    const chosen = panel.court();
    const verificationKey =
      compiled === undefined
        ? fetchVerificationKey(`builds/${model.name}/`, manifest, stop.signal)
        : Promise.resolve(verificationKeyOf(compiled.build.files));
    verificationKey.catch(() => undefined);
    const context =
      chosen === undefined
        ? 0n
        : contextFor({
            chainId: chosen.court.chainId,
            contract: chosen.court.attestations,
            account: chosen.court.account,
            nonce: ownNonce,
          });
    const proof = await build.prove({
      input,
      context,
      signal: stop.signal,
      onProgress: (share, stage) => {
        bar.value = share;
        doing.textContent = `${stage} ${Math.round(100 * share)} %`;
      },
    });
    const total = performance.now() - start;
    const [{ valid, reason }, key] = await Promise.all([build.verify(proof), verificationKey]);
    if (stop.signal.aborted) return;
    const { stages, memoryBytes } = proof;
    const rows: [string, number][] = [
      ['waiting for the key', stages.key],
      ['witness', stages.witness],
      ['proof', stages.prove],
      ['check of it', stages.verify],
      ['in all', total],
    ];
    fill(
      parts.proving,
      h(
        'div',
        { class: 'grid' },
        valid
          ? note('good', h('b', { id: 'verified' }, 'Proved, and verified in this page.'))
          : note('bad', h('b', {}, 'Not valid: '), oneLine(reason ?? '')),
        h(
          'ul',
          { class: 'stages' },
          ...rows.map(([name, ms]) => h('li', {}, h('span', {}, name), h('span', {}, seconds(ms / 1000)))),
        ),
        h(
          'p',
          { class: 'soft small' },
          `${build.threads === 1 ? 'One thread' : `${build.threads} threads`}, ${Math.round(memoryBytes / 2 ** 20)} MiB of memory. `,
          crossOriginIsolated ? '' : 'This page is not cross-origin isolated, so there is one thread. ',
        ),
      ),
    );
    announce(`Proved and verified in ${seconds(total / 1000)}.`);
    const made = { proof, court: chosen?.court, nonce: ownNonce };
    fill(parts.private, privatePart(manifest, editor.name, made));
    fill(parts.public, publicPart(manifest, made));
    if (valid && chosen !== undefined)
      panel.setProof({
        ...chosen,
        claim: { proof: proof.proof, publicSignals: proof.publicSignals, manifest, key, nonce: ownNonce },
      });
  } catch (error) {
    if (stop.signal.aborted) {
      if (proving === stop) fill(parts.proving, note('plain', 'Stopped. Nothing was kept.'));
    } else showTrouble(parts.proving, error, () => void prove());
  } finally {
    if (proving === stop) proving = undefined;
    button.textContent = 'Prove it';
  }
}

fill(
  parts.upload,
  uploadForm({
    compiler: () => site?.compiler,
    announce,
    sent(name) {
      wanted = name;
      opening?.abort();
      opened?.build.close();
      opened = undefined;
      fill(parts.input, h('p', { class: 'soft' }, tag('plain', 'new'), ' Your network is being compiled.'));
      void watch();
    },
    compiled(build, title) {
      const name = `page-${own.size + 1}`;
      own.set(name, { build, model: { name, title, inputKind: 'values', state: 'ready' } });
      fill(parts.compiled, compiledPart(build));
      announce('Compiled.');
      showModels();
      choose(name);
    },
  }),
  parts.compiled,
);
void watch();
