/** What is to be said of a network that this page compiled: its size, how far it strays, its files. */
import type { BuildInMemory } from 'zkinfer/browser';
import { h, note, oneLine } from '../common/dom.js';

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`;

export function compiledPart({ manifest, accuracy, files }: BuildInMemory): HTMLElement {
  const { samples, outputs, reference, warnings } = accuracy;
  const against = reference === 'onnxruntime' ? 'onnxruntime' : 'the float network, for onnxruntime does not run it';
  const errors = outputs.map(({ name, relativeError, classAgreement }) => {
    const agrees = classAgreement === undefined ? '' : `, the same class for ${percent(classAgreement)}`;
    return h('li', {}, `${oneLine(name, 60)}: at most ${percent(relativeError)} of its range${agrees}`);
  });
  return h(
    'div',
    { class: 'grid', id: 'compiled' },
    h(
      'p',
      {},
      `Compiled in this page: ${manifest.circuit.constraints.toLocaleString('en-US')} constraints. Compared with ${against} on ${samples} rows, outputs err by`,
    ),
    h('ul', {}, ...errors),
    ...warnings.map((warning) => note('plain', oneLine(warning, 600))),
    h(
      'details',
      {},
      h('summary', {}, 'Its files, which make a build folder'),
      h('div', { class: 'row' }, ...Array.from(files, ([name, bytes]) => saveFile(name, bytes))),
    ),
  );
}

function saveFile(name: string, bytes: Uint8Array): HTMLElement {
  const save = (): void => {
    const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
    const link = h('a', { href: url });
    link.download = name;
    link.click();
    URL.revokeObjectURL(url);
  };
  return h('button', { type: 'button', on: { click: save } }, name);
}
