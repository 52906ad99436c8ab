/**
 * A model of one's own: compiled in a worker of this page, or, where a contract is to know it, by the command that serves
 * the page. Inputs stay in the page either way; in the first, so does the model.
 */
import { compile, type BuildInMemory } from 'zkinfer/browser';
import { MOST_UPLOAD_BYTES } from '../../shared/site-info.js';
import { fill, h, note, oneLine, problem } from '../common/dom.js';

/** Milliseconds that a model may take in a page. */
const MOST_MS = 600_000;

interface UploadOptions {
  /** Where the compiler is; undefined while there is none. */
  readonly compiler: () => string | undefined;
  /** The command compiles a model; gets its name. */
  readonly sent: (name: string) => void;
  /** This page compiled one; gets it, and what the file is called. */
  readonly compiled: (build: BuildInMemory, title: string) => void;
  readonly announce: (text: string) => void;
}

/** What the form says. */
interface Wanted {
  readonly model: File;
  readonly rows: File | undefined;
  readonly range: readonly [number, number];
  readonly scores: boolean;
}

export function uploadForm({ compiler, sent, compiled, announce }: UploadOptions): HTMLElement {
  const file = (accept: string): HTMLInputElement => {
    const input = h('input', { type: 'file' });
    input.accept = accept;
    return input;
  };
  const [model, calibration] = [file('.onnx'), file('application/json,.json')];
  model.id = 'own-model';
  const [low, high] = ['0', '1'].map((value) => {
    const input = h('input', { type: 'text' });
    input.inputMode = 'decimal';
    input.value = value;
    return input;
  });
  const scores = h('input', { type: 'checkbox' });
  scores.checked = true;
  const place = (value: string): HTMLInputElement => {
    const input = h('input', { type: 'radio' });
    input.name = 'where';
    input.value = value;
    return input;
  };
  const [here, there] = [place('here'), place('there')];
  here.checked = true;
  const trouble = h('div', { role: 'alert' });
  const doing = h('div', {});
  const button = h('button', { type: 'submit' }, 'Compile it');
  const form = h(
    'form',
    { class: 'grid' },
    h(
      'div',
      { class: 'fields' },
      h('label', {}, h('span', {}, 'ONNX file'), model),
      h('label', {}, h('span', {}, 'Calibration rows (JSON, {"input_data": …}; optional)'), calibration),
    ),
    h(
      'div',
      { class: 'fields narrow' },
      h('label', {}, h('span', {}, 'Without rows: inputs from'), low),
      h('label', {}, h('span', {}, 'to'), high),
    ),
    h('label', { class: 'row' }, scores, h('span', {}, 'The outputs are scores of classes')),
    h(
      'fieldset',
      { class: 'grid' },
      h('legend', {}, 'Where it is compiled'),
      h('label', { class: 'row' }, here, h('span', {}, 'In this page: the model stays here, and no contract knows it')),
      h(
        'label',
        { class: 'row' },
        there,
        h('span', {}, 'By the command that serves this page: its verifier is deployed to the local chain'),
      ),
    ),
    h('p', { class: 'soft small' }, 'Keys are for development. What you prove with them stays in the page.'),
    h('div', { class: 'row' }, button),
    doing,
    trouble,
  );
  let stopping: AbortController | undefined;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (stopping !== undefined) return stopping.abort(new Error('stopped'));
    const own = new AbortController();
    stopping = own;
    fill(trouble);
    button.textContent = 'Stop';
    const wanted = readForm();
    const work = wanted instanceof Error ? Promise.reject(wanted) : there.checked ? send(wanted) : make(wanted, own);
    work
      .catch((error: unknown) => {
        if (!own.signal.aborted || own.signal.reason instanceof TookTooLong)
          fill(trouble, note('bad', problem(own.signal.reason ?? error)));
      })
      .finally(() => {
        stopping = undefined;
        button.textContent = 'Compile it';
        fill(doing);
      });
  });

  const readForm = (): Wanted | Error => {
    const [chosen] = model.files ?? [];
    if (chosen === undefined) return new Error('choose an ONNX file');
    const [rows] = calibration.files ?? [];
    if (chosen.size + (rows?.size ?? 0) > MOST_UPLOAD_BYTES)
      return new Error('the files are larger than 64 MB; use the command line');
    return { model: chosen, rows, range: [Number(low.value), Number(high.value)], scores: scores.checked };
  };

  const make = async ({ model: chosen, rows, range, scores: are }: Wanted, own: AbortController): Promise<void> => {
    const folder = compiler();
    if (folder === undefined)
      throw new Error('the compiler is not there yet; try again in a moment, or let the command compile it');
    const bar = h('progress', { aria: { label: 'Progress of compiling' } });
    bar.max = 1;
    const text = h('p', { class: 'soft small' }, 'Starting…');
    fill(doing, h('div', { class: 'grid' }, bar, text));
    announce('Compiling.');
    const limit = setTimeout(() => own.abort(new TookTooLong('ten minutes were not enough')), MOST_MS);
    try {
      const build = await compile({
        onnx: new Uint8Array(await chosen.arrayBuffer()),
        name: 'mine',
        compiler: folder,
        onnxruntime: `${folder}onnxruntime/ort.wasm.min.mjs`,
        ...(rows === undefined ? { inputRange: range } : { calibration: await rows.text() }),
        ...(are ? { scores: true } : {}),
        signal: own.signal,
        onProgress(share, stage) {
          bar.value = share;
          text.textContent = `${stage} ${Math.round(100 * share)} %`;
        },
      });
      compiled(build, oneLine(chosen.name, 60));
    } finally {
      clearTimeout(limit);
    }
  };

  const send = async ({ model: chosen, rows, range, scores: are }: Wanted): Promise<void> => {
    const body = new FormData();
    body.set('model', chosen);
    if (rows !== undefined) body.set('calibration', rows);
    body.set('range', range.join());
    if (are) body.set('scores', 'on');
    const response = await fetch('models', { method: 'POST', body });
    const answer = (await response.json()) as { name?: string; error?: string };
    if (!response.ok || answer.name === undefined)
      throw new Error(answer.error ?? `the server answers ${response.status}`);
    sent(answer.name);
  };
  return h('details', {}, h('summary', {}, 'Or a network of your own'), form);
}

class TookTooLong extends Error {}
