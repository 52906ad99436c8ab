/**
 * Conformance of one model in a process of its own, so that its peak memory and processor time are its own, and its end
 * loses no other row. Prints one JSON document, a {@link MeasuredRow}. Arguments: the model's name, its file, the
 * folder of its inputs, and the most constraints that are proved.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBackend } from '../groth16/backends.js';
import { MAX_SIGNALS } from '../solidity/render.js';
import { checkConformance, type ProveSample } from '../workflow/conformance.js';
import { readOnnxFile } from '../workflow/onnx-file.js';
import { runModel } from '../workflow/run.js';
import { conformanceInputs, type MeasuredRow } from './conformance-case.js';

const [name, model, folder, most] = process.argv.slice(2);

/** Seconds of all threads since the process began. */
const processor = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const peak = (): number => process.resourceUsage().maxRSS / 1024;

let compile: Pick<MeasuredRow, 'processor' | 'peakMegabytes'> | undefined;

const prove: ProveSample = async (onnx, options, compiled, sample) => {
  compile = { processor: processor(), peakMegabytes: peak() };
  if (compiled.circuit.constraints.constraintCount > Number(most)) return undefined;
  const outputs = compiled.manifest.circuit.publicSignals > MAX_SIGNALS ? 'hashed' : 'public';
  const build = mkdtempSync(join(tmpdir(), 'zkinfer-conformance-'));
  try {
    const backend = chooseBackend('auto', (text) => process.stderr.write(`${text}\n`));
    const run = await runModel(onnx, sample, backend, {
      ...options,
      ...(outputs === 'public' ? { compiled } : { outputVisibility: outputs }),
      folder: join(build, 'build'),
    });
    return {
      setupSeconds: run.stages.setup,
      proveSeconds: run.proveSeconds,
      witnessSeconds: run.witnessSeconds,
      gas: run.submission.gasUsed,
      verified: run.verified,
      accepted: run.submission.accepted,
      outputs,
    };
  } finally {
    rmSync(build, { recursive: true, force: true });
  }
};

const row = await checkConformance(name, await readOnnxFile(model), await conformanceInputs(folder), prove);
const measured: MeasuredRow = { ...row, ...(compile ?? { processor: processor(), peakMegabytes: peak() }) };
process.stdout.write(JSON.stringify(measured));
