/**
 * A model of one's own. The command's own server compiles it: circom, the calibration against onnxruntime and the setup
 * are programs of their own that a page does not have. The model goes to this machine's server and no further; inputs
 * stay in the page, as with every model.
 */
import { MOST_UPLOAD_BYTES } from '../../shared/site-info.js';
import { fill, h, note, problem } from '../common/dom.js';

/** `added` gets the name of the new model, which is then being made. */
export function uploadForm(added: (name: string) => void): HTMLElement {
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
  const trouble = h('div', { role: 'alert' });
  const button = h('button', { type: 'submit' }, 'Compile it');
  const form = h(
    'form',
    { class: 'grid' },
    h(
      'p',
      { class: 'soft small' },
      'It is compiled by the command that serves this page, on this machine; keys are for development. What you prove with it stays in the page.',
    ),
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
    h('div', { class: 'row' }, button),
    trouble,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    fill(trouble);
    button.disabled = true;
    send()
      .then(added)
      .catch((error: unknown) => fill(trouble, note('bad', problem(error))))
      .finally(() => (button.disabled = false));
  });
  const send = async (): Promise<string> => {
    const [chosen] = model.files ?? [];
    if (chosen === undefined) throw new Error('choose an ONNX file');
    const [rows] = calibration.files ?? [];
    if (chosen.size + (rows?.size ?? 0) > MOST_UPLOAD_BYTES)
      throw new Error('the files are larger than 64 MB; use the command line');
    const body = new FormData();
    body.set('model', chosen);
    if (rows !== undefined) body.set('calibration', rows);
    body.set('range', `${Number(low.value)},${Number(high.value)}`);
    if (scores.checked) body.set('scores', 'on');
    const response = await fetch('models', { method: 'POST', body });
    const answer = (await response.json()) as { name?: string; error?: string };
    if (!response.ok || answer.name === undefined)
      throw new Error(answer.error ?? `the server answers ${response.status}`);
    return answer.name;
  };
  return h('details', {}, h('summary', {}, 'Or a network of your own'), form);
}
