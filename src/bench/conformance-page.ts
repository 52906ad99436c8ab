/** The rows of `npm run conformance -- --record` as the tables of docs/models.md. */
import type { MeasuredRow } from './conformance-case.js';
import { markdownTable } from './document.js';

/** A row, and where and when it was measured. */
export interface RecordedRow extends MeasuredRow {
  readonly cpu: string;
  readonly commit: string;
  readonly date: string;
}

/** By folder and model. */
export type Records = Readonly<Record<string, Readonly<Record<string, RecordedRow>>>>;

/** Folders in the page's order, with what is in them; others follow under their names. */
const TITLES: Readonly<Record<string, string>> = {
  ezkl: "`ezkl`: the example models of EZKL's repository",
  sklearn: '`sklearn`: scikit-learn, XGBoost and LightGBM, by skl2onnx and onnxmltools',
  nets: "`nets`: Keras by tf2onnx, JAX by jax2onnx, PyTorch's export, onnxruntime's quantizer, half precision",
  real: '`real`: models inside public packages (silero-vad, magika, PaddleOCR, ATSPM, a romanizer, light ONNX zoo models)',
};

export function modelsPage(records: Records): string {
  const folders = [
    ...Object.keys(TITLES).filter((folder) => records[folder] !== undefined),
    ...Object.keys(records).filter((folder) => TITLES[folder] === undefined),
  ];
  return folders
    .flatMap((folder) => [
      `### ${TITLES[folder] ?? `\`${folder}\``}`,
      '',
      ...tableOf(Object.values(records[folder])),
      '',
    ])
    .join('\n')
    .trimEnd();
}

function tableOf(rows: readonly RecordedRow[]): string[] {
  const percent = (value: number | undefined): string => (value === undefined ? '' : `${(100 * value).toFixed(2)} %`);
  const unique = (values: readonly string[]): string => [...new Set(values)].join(', ');
  const failed = rows.filter(({ compiled }) => !compiled);
  const done = rows.filter(({ compiled }) => compiled);
  const dates = done.map(({ date }) => date).sort();
  return [
    markdownTable(
      ['model', 'constraints', 'compile', 'memory', 'error', 'same class', 'rows', 'setup', 'proof', 'gas'],
      done.map((row) => [
        row.name,
        row.constraints ?? '',
        `${row.processor.toFixed(1)} s`,
        `${Math.round(row.peakMegabytes)} MB`,
        percent(row.relativeError),
        percent(row.classAgreement),
        `${row.samples}`,
        row.proof ? `${row.proof.setupSeconds.toFixed(1)} s` : '',
        row.proof ? `${(row.proof.witnessSeconds + row.proof.proveSeconds).toFixed(2)} s` : '',
        row.proof ? row.proof.gas : '',
      ]),
    ),
    '',
    `${done.length} of ${rows.length} compile, ${done.filter(({ satisfied }) => satisfied).length} witnesses satisfied; ` +
      `${done.filter(({ proof }) => proof?.verified && proof.accepted).length} proved, verified and accepted by a contract. ` +
      `${unique(rows.map(({ cpu }) => cpu))}; commit ${unique(rows.map(({ commit }) => commit))}; ` +
      `${unique([dates[0] ?? '', dates.at(-1) ?? ''].filter(Boolean))}.`,
    ...failed.map(
      ({ name, why }) => `\nDoes not compile: ${name}, ${(why ?? '').replace(/\. Supported are .*$/s, '.')}`,
    ),
  ];
}
