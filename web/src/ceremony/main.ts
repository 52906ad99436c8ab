/**
 * The ceremony page: contribute to a key, read its transcript, verify what others contributed. Files are snarkjs's; the
 * work is the same as `zkinfer ceremony contribute` does, in a worker of this page, and nothing is sent anywhere.
 */
import { contribute, inspectKey, type KeyRecord, verifyKey } from 'zkinfer/browser';
import { byId, fill, h, note, problem, seconds } from '../common/dom.js';
import { entropyPool } from './entropy.js';
import { hashLines, showTranscript, transcriptText } from './transcript.js';

/** Larger keys are for the command line: a page has to hold old and new key at once. */
const MOST_KEY_BYTES = 2 ** 31 - 1;

const page = byId('ceremony', HTMLElement);
const live = byId('live', HTMLElement);
const announce = (text: string): void => void (live.textContent = text);

async function bytesOf(input: HTMLInputElement, what: string): Promise<Uint8Array> {
  const [file] = input.files ?? [];
  if (file === undefined) throw new Error(`choose ${what}`);
  if (file.size > MOST_KEY_BYTES)
    throw new Error(`${what} is larger than a page can hold; use the command line: zkinfer ceremony`);
  return new Uint8Array(await file.arrayBuffer());
}

function fileField(
  label: string,
  id: string,
  accept: string,
): { readonly label: HTMLElement; readonly input: HTMLInputElement } {
  const input = h('input', { type: 'file', id });
  input.accept = accept;
  return { input, label: h('label', {}, h('span', {}, label), input) };
}

function save(bytes: BlobPart, name: string, label: string): HTMLElement {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = h('a', { class: 'button', href: url }, label);
  link.download = name;
  return link;
}

const progressBar = (label: string): HTMLProgressElement => {
  const bar = h('progress', { aria: { label } });
  bar.max = 1;
  bar.value = 0;
  return bar;
};

/** Runs `work`; its button then stops it. */
function stoppable(button: HTMLButtonElement, where: HTMLElement, work: (signal: AbortSignal) => Promise<void>): void {
  const label = button.textContent ?? '';
  let running: AbortController | undefined;
  button.addEventListener('click', () => {
    if (running !== undefined) return running.abort(new Error('stopped'));
    running = new AbortController();
    const { signal } = running;
    button.textContent = 'Stop';
    work(signal)
      .catch((error: unknown) =>
        fill(where, signal.aborted ? note('plain', 'Stopped. Nothing was made.') : note('bad', problem(error))),
      )
      .finally(() => {
        running = undefined;
        button.textContent = label;
      });
  });
}

// The key

let key: { readonly bytes: Uint8Array; readonly record: KeyRecord; readonly name: string } | undefined;
const keyFile = fileField('Key that was handed on to you (.zkey)', 'key-file', '.zkey');
const keyShown = h('div', { aria: { live: 'polite' } });
const contributeButton = h('button', { type: 'button', class: 'main', id: 'contribute', disabled: true }, 'Contribute');

keyFile.input.addEventListener('change', () => {
  key = undefined;
  refresh();
  fill(keyShown, h('p', { class: 'soft' }, 'Reading…'));
  (async () => {
    const bytes = await bytesOf(keyFile.input, 'the key');
    const record = await inspectKey({ key: bytes });
    key = { bytes, record, name: keyFile.input.files?.[0]?.name ?? 'key.zkey' };
    fill(keyShown, showTranscript(record));
    refresh();
  })().catch((error: unknown) => fill(keyShown, note('bad', problem(error))));
});

// Randomness

const pool = entropyPool();
const meter = progressBar('Randomness collected');
const well = h(
  'div',
  {
    class: 'well',
    tabindex: '0',
    role: 'application',
    aria: { label: 'Randomness: move over this area, or press keys in it' },
  },
  h('p', { class: 'soft' }, 'Move mouse or finger over this area, or focus it and press keys.'),
);
const collected = (...numbers: number[]): void => {
  pool.add(...numbers);
  refresh();
};
well.addEventListener('pointermove', (event) =>
  collected(event.clientX, event.clientY, event.timeStamp, performance.now()),
);
well.addEventListener('keydown', (event) => {
  if (event.key === 'Tab') return;
  event.preventDefault();
  // A key is worth several events: somebody chose it, at some moment.
  for (let i = 0; i < 5; i++) collected(event.key.codePointAt(0) ?? 0, event.timeStamp, performance.now(), i);
});
const author = h('input', { type: 'text', id: 'author' });
author.maxLength = 64;

function refresh(): void {
  meter.value = pool.share();
  contributeButton.disabled = key === undefined || pool.share() < 1;
}

// Contributing

const made = h('div', {});
stoppable(contributeButton, made, async (signal) => {
  if (key === undefined) return;
  const bar = progressBar('Progress of the contribution');
  const doing = h('p', { class: 'soft small' }, 'Mixing…');
  fill(made, h('div', { class: 'grid' }, bar, doing));
  announce('Contributing.');
  const start = performance.now();
  const name = author.value.trim();
  const entropy = await pool.take();
  refresh();
  const { bytes, record, name: fileName } = key;
  try {
    const { key: next, contribution } = await contribute({
      key: bytes,
      name,
      entropy,
      signal,
      onProgress: (share, stage) => {
        bar.value = share;
        doing.textContent = `${stage} ${Math.round(100 * share)} %`;
      },
    });
    const time = seconds((performance.now() - start) / 1000);
    const newName = fileName.replace(/\.zkey$/i, '') + `-${record.contributions.length + 1}.zkey`;
    fill(
      made,
      h(
        'div',
        { class: 'grid' },
        note(
          'good',
          h('b', { id: 'contributed' }, 'Your contribution is in the key. '),
          `It took ${time}. Your randomness is forgotten.`,
        ),
        h('p', {}, 'Publish this hash, so that everybody sees that your contribution counts:'),
        h('pre', { class: 'mono', id: 'contribution-hash' }, hashLines(contribution.hash)),
        h(
          'div',
          { class: 'row' },
          save(next as BlobPart, newName, 'Save the new key'),
          save(transcriptText(record, name, contribution), `${newName}.txt`, 'Save the transcript'),
        ),
        h(
          'p',
          { class: 'soft small' },
          'Hand the new key on to the next contributor, or to whoever closes the ceremony. Anyone can check it with snarkjs zkey verify, or below.',
        ),
      ),
    );
    announce(`Contributed in ${time}.`);
  } finally {
    entropy.fill(0);
  }
});

// Verifying

const verifyFiles = {
  key: fileField('Key (.zkey)', 'verify-key', '.zkey'),
  circuit: fileField('Circuit (.r1cs)', 'verify-circuit', '.r1cs'),
  powers: fileField('Powers of tau (.ptau)', 'verify-powers', '.ptau'),
};
const known = h('input', { type: 'checkbox' });
const verified = h('div', { aria: { live: 'polite' } });
const verifyButton = h('button', { type: 'button', id: 'verify' }, 'Verify');
stoppable(verifyButton, verified, async (signal) => {
  const [keyBytes, circuit, powers] = [
    await bytesOf(verifyFiles.key.input, 'the key'),
    await bytesOf(verifyFiles.circuit.input, 'the circuit'),
    await bytesOf(verifyFiles.powers.input, 'the powers of tau'),
  ];
  const bar = progressBar('Progress of the verification');
  const doing = h('p', { class: 'soft small' }, 'Checking…');
  fill(verified, h('div', { class: 'grid' }, bar, doing));
  const record = await verifyKey({
    key: keyBytes,
    circuit,
    powers,
    checkPowers: !known.checked,
    signal,
    onProgress: (share, stage) => {
      bar.value = share;
      doing.textContent = `${stage} ${Math.round(100 * share)} %`;
    },
  });
  fill(
    verified,
    h(
      'div',
      { class: 'grid' },
      note(
        'good',
        h('b', { id: 'key-verified' }, 'Verified. '),
        'The key comes from this circuit and these powers by the contributions below, and by nothing else.',
      ),
      showTranscript(record),
    ),
  );
});

fill(
  page,
  h(
    'div',
    { class: 'columns' },
    h(
      'section',
      { class: 'card', aria: { labelledby: 'key-title' } },
      h('h2', { class: 'step', id: 'key-title' }, h('span', { aria: { hidden: 'true' } }, '1'), 'The key as it is'),
      keyFile.label,
      keyShown,
    ),
    h(
      'section',
      { class: 'card', aria: { labelledby: 'random-title' } },
      h('h2', { class: 'step', id: 'random-title' }, h('span', { aria: { hidden: 'true' } }, '2'), 'Your randomness'),
      well,
      meter,
      h(
        'p',
        { class: 'soft small' },
        'It is mixed with the system’s own randomness, so the key is safe if either is good. It never leaves this page.',
      ),
      h('label', {}, h('span', {}, 'Your name, as it will stand in the key (optional)'), author),
      contributeButton,
      made,
    ),
  ),
  h(
    'section',
    { class: 'card', aria: { labelledby: 'verify-title' } },
    h(
      'h2',
      { class: 'step', id: 'verify-title' },
      h('span', { aria: { hidden: 'true' } }, '3'),
      'Verify what others contributed',
    ),
    h(
      'p',
      { class: 'soft small' },
      'Whether a key was made from a circuit and powers of tau by the contributions in its transcript alone. Compare their hashes with what the contributors published.',
    ),
    h('div', { class: 'fields' }, verifyFiles.key.label, verifyFiles.circuit.label, verifyFiles.powers.label),
    h(
      'label',
      { class: 'row' },
      known,
      h('span', {}, 'I know the powers of tau by their hash; do not check every point'),
    ),
    h('div', { class: 'row' }, verifyButton),
    verified,
  ),
);
