/**
 * A digit: drawn with mouse, finger or keyboard, or taken from a photo. What the network gets is made as MNIST was: the
 * ink scaled into 20×20 pixels, put into 28×28 so that its centre of mass is in the middle (LeCun, Cortes, Burges).
 */
import { h, problem } from '../../common/dom.js';
import type { EditorContext, InputEditor } from './editor.js';

/** Of the canvas, and of what the network sees. */
const PAD = 280;
const SIDE = 28;
const BOX = 20;
const PEN = 20;
/** Pixels that an arrow key moves the pen. */
const STEP = 10;
const MOST_PHOTO_BYTES = 40_000_000;

const KEYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};

function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return canvas.getContext('2d', { willReadFrequently: true })!;
}

function canvasOf(side: number): HTMLCanvasElement {
  const canvas = h('canvas', {});
  canvas.width = canvas.height = side;
  return canvas;
}

export function digitEditor({ examples, changed }: EditorContext): InputEditor {
  const pad = canvasOf(PAD);
  const seen = canvasOf(SIDE);
  seen.className = 'seen';
  seen.setAttribute('role', 'img');
  seen.setAttribute('aria-label', 'What the network sees: 28 by 28 pixels');
  pad.tabIndex = 0;
  pad.setAttribute('role', 'application');
  pad.setAttribute('aria-label', 'Drawing area');
  pad.setAttribute('aria-describedby', 'pad-help');
  const ink = context2d(pad);
  ink.lineCap = ink.lineJoin = 'round';
  ink.lineWidth = PEN;
  ink.strokeStyle = ink.fillStyle = '#fff';

  const hint = h('span', { class: 'hint', aria: { hidden: 'true' } }, 'Draw a digit here');
  const mark = h('span', { class: 'pen', aria: { hidden: 'true' } });
  mark.hidden = true;
  let pixels: Float64Array | undefined;
  const show = (values: Float64Array | undefined): void => {
    pixels = values;
    const image = new ImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE * SIDE; i++)
      image.data.set([...Array<number>(3).fill(255 * (values?.[i] ?? 0)), 255], 4 * i);
    context2d(seen).putImageData(image, 0, 0);
    hint.hidden = values !== undefined;
    changed();
  };
  const read = (): void => show(normalized(pad));
  const clear = (): void => {
    ink.clearRect(0, 0, PAD, PAD);
    show(undefined);
  };

  let last: readonly [number, number] | undefined;
  const at = (event: PointerEvent): readonly [number, number] => {
    const { left, top, width, height } = pad.getBoundingClientRect();
    return [((event.clientX - left) / width) * PAD, ((event.clientY - top) / height) * PAD];
  };
  const line = ([x0, y0]: readonly [number, number], [x1, y1]: readonly [number, number]): void => {
    ink.beginPath();
    ink.moveTo(x0, y0);
    ink.lineTo(x1 + 0.01, y1);
    ink.stroke();
  };
  pad.addEventListener('pointerdown', (event) => {
    pad.setPointerCapture(event.pointerId);
    last = at(event);
    line(last, last);
    read();
  });
  pad.addEventListener('pointermove', (event) => {
    if (last === undefined) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) {
      const next = at(one);
      line(last, next);
      last = next;
    }
    read();
  });
  const lift = (): void => void (last = undefined);
  pad.addEventListener('pointerup', lift);
  pad.addEventListener('pointercancel', lift);

  let pen: readonly [number, number] = [PAD / 2, PAD / 2];
  let isDown = false;
  const position = h('p', { class: 'soft small', role: 'status' });
  const say = (): void => {
    mark.hidden = false;
    mark.classList.toggle('down', isDown);
    mark.style.left = `${(100 * pen[0]) / PAD}%`;
    mark.style.top = `${(100 * pen[1]) / PAD}%`;
    position.textContent = `Pen ${isDown ? 'down' : 'up'}, column ${Math.round(pen[0] / STEP)}, row ${Math.round(pen[1] / STEP)} of ${PAD / STEP}.`;
  };
  pad.addEventListener('keydown', (event) => {
    const move = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : undefined;
    if (move !== undefined) {
      const clamp = (value: number): number => Math.min(PAD - PEN / 2, Math.max(PEN / 2, value));
      const next = [clamp(pen[0] + move[0]), clamp(pen[1] + move[1])] as const;
      if (isDown) line(pen, next);
      pen = next;
    } else if (event.key === ' ') {
      isDown = !isDown;
      if (isDown) line(pen, pen);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      clear();
    } else return;
    event.preventDefault();
    say();
    if (isDown) read();
  });

  let example = -1;
  const showExample = (): void => {
    example = (example + 1) % examples.length;
    const [values] = examples[example];
    const image = new ImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE * SIDE; i++) image.data.set([255, 255, 255, Math.round(255 * values[i])], 4 * i);
    const small = canvasOf(SIDE);
    context2d(small).putImageData(image, 0, 0);
    ink.clearRect(0, 0, PAD, PAD);
    ink.imageSmoothingEnabled = true;
    ink.drawImage(small, 0, 0, PAD, PAD);
    show(Float64Array.from(values));
  };
  const trouble = h('p', { class: 'small', role: 'alert' });
  const photo = h('input', { type: 'file' });
  photo.accept = 'image/*';
  photo.addEventListener('change', () => {
    const [file] = photo.files ?? [];
    if (file === undefined) return;
    trouble.textContent = '';
    inkOfPhoto(file)
      .then((image) => {
        ink.clearRect(0, 0, PAD, PAD);
        ink.drawImage(image, 0, 0);
        read();
      })
      .catch((error: unknown) => void (trouble.textContent = problem(error)));
  });

  return {
    name: 'your drawing',
    values: () => (pixels === undefined ? undefined : [pixels]),
    element: h(
      'div',
      { class: 'pad' },
      h('div', { class: 'surface' }, pad, hint, mark),
      h(
        'div',
        { class: 'row' },
        h('button', { type: 'button', on: { click: clear } }, 'Clear'),
        examples.length === 0 ? undefined : h('button', { type: 'button', on: { click: showExample } }, 'An example'),
        seen,
      ),
      h(
        'p',
        { class: 'soft small', id: 'pad-help' },
        'Draw with mouse or finger. By keyboard: arrow keys move the pen, Space lowers and lifts it, Delete clears.',
      ),
      position,
      h('label', {}, h('span', {}, 'Or a photo of one digit'), photo),
      trouble,
    ),
  };
}

/** Ink on the pad as the network's pixels; undefined where there is none. */
function normalized(pad: HTMLCanvasElement): Float64Array | undefined {
  const { data } = context2d(pad).getImageData(0, 0, PAD, PAD);
  let [left, top, right, bottom] = [PAD, PAD, -1, -1];
  for (let y = 0; y < PAD; y++)
    for (let x = 0; x < PAD; x++) {
      if (data[4 * (y * PAD + x) + 3] < 32) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  if (right < 0) return undefined;
  const [width, height] = [right - left + 1, bottom - top + 1];
  const scale = BOX / Math.max(width, height);
  const place = (dx: number, dy: number): Float64Array => {
    const small = canvasOf(SIDE);
    const target = context2d(small);
    target.imageSmoothingQuality = 'high';
    target.drawImage(pad, left, top, width, height, dx, dy, width * scale, height * scale);
    const image = target.getImageData(0, 0, SIDE, SIDE).data;
    return Float64Array.from({ length: SIDE * SIDE }, (_, i) => image[4 * i + 3] / 255);
  };
  const [x0, y0] = [(SIDE - width * scale) / 2, (SIDE - height * scale) / 2];
  const centred = place(x0, y0);
  const total = centred.reduce((sum, value) => sum + value, 0) || 1;
  const mean = (of: (i: number) => number): number => centred.reduce((sum, value, i) => sum + value * of(i), 0) / total;
  const middle = (SIDE - 1) / 2;
  return place(
    x0 + Math.round(middle - mean((i) => i % SIDE)),
    y0 + Math.round(middle - mean((i) => Math.floor(i / SIDE))),
  );
}

/** The darker or lighter strokes of a photo, in white on nothing, as large as the pad. */
async function inkOfPhoto(file: File): Promise<HTMLCanvasElement> {
  if (file.size > MOST_PHOTO_BYTES) throw new Error('the photo is larger than 40 MB; choose a smaller one');
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { resizeQuality: 'high', resizeWidth: 2 * PAD });
  } catch {
    throw new Error('the file is no picture that this browser can read');
  }
  const canvas = canvasOf(PAD);
  const target = context2d(canvas);
  const side = Math.min(bitmap.width, bitmap.height);
  target.drawImage(bitmap, (bitmap.width - side) / 2, (bitmap.height - side) / 2, side, side, 0, 0, PAD, PAD);
  bitmap.close();
  const image = target.getImageData(0, 0, PAD, PAD);
  const grey = Float64Array.from(
    { length: PAD * PAD },
    (_, i) => 0.299 * image.data[4 * i] + 0.587 * image.data[4 * i + 1] + 0.114 * image.data[4 * i + 2],
  );
  // Paper is what the edge of the photo mostly is.
  const edge = Array.from({ length: PAD }, (_, i) => [
    grey[i],
    grey[(PAD - 1) * PAD + i],
    grey[i * PAD],
    grey[i * PAD + PAD - 1],
  ]).flat();
  const paper = edge.sort((a, b) => a - b)[edge.length >> 1];
  const contrast = grey.map((value) => Math.abs(value - paper));
  const most = contrast.reduce((a, b) => Math.max(a, b), 0);
  if (most < 20) throw new Error('the photo shows no strokes: choose one of a digit on plain paper');
  for (let i = 0; i < PAD * PAD; i++) {
    // Shadows on the paper are fainter than strokes.
    const strength = Math.min(1, Math.max(0, (contrast[i] / most - 0.35) / 0.3));
    image.data.set([255, 255, 255, Math.round(255 * strength)], 4 * i);
  }
  target.putImageData(image, 0, 0);
  return canvas;
}
