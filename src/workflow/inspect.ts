/** `inspect`: what is in a model, what of it can be proved, and what each layer will cost. */
import { ZkinferError } from '../errors.js';
import {
  chooseFrom,
  decodeModel,
  operatorNames,
  surveyModel,
  type ModelSurvey,
  type OnnxModel,
} from '../onnx/index.js';
import { compileOnnx, type CompileOptions } from './compile.js';
import type { ComparedAccuracy } from './accuracy-report.js';
import { buildChosen } from './fixed-inputs.js';
import type { LayerReport } from './report.js';

export interface Inspection {
  readonly survey: ModelSurvey;
  readonly supported: boolean;
  readonly supportedOps: readonly string[];
  /** Costs as the model would compile with these options; absent if it cannot be compiled. */
  readonly layers?: readonly LayerReport[];
  readonly constraints?: number;
  readonly domainSize?: number;
  /** How far the integer model would stray with these options; absent if it cannot be compiled. */
  readonly accuracy?: ComparedAccuracy;
  readonly notes: readonly string[];
}

/** @throws MalformedModelError; unsupported operators are reported, not thrown */
export async function inspectOnnx(onnx: Uint8Array, options: CompileOptions): Promise<Inspection> {
  const survey = surveyModel(chosen(decodeModel(onnx), options));
  if (survey.unsupported.length > 0)
    return {
      survey,
      supported: false,
      supportedOps: operatorNames(),
      notes: [],
    };
  const { layers, manifest, accuracy } = await compileOnnx(onnx, options);
  const { constraints, domainSize } = manifest.circuit;
  return {
    survey,
    supported: true,
    supportedOps: operatorNames(),
    layers,
    constraints,
    domainSize,
    accuracy,
    notes: manifest.notes,
  };
}

/** The model as it would be compiled: with the inputs fixed that must be constants, where that lets it be built. */
function chosen(model: OnnxModel, options: CompileOptions): OnnxModel {
  try {
    return chooseFrom(model, buildChosen(model, options, options.calibration ?? []).choice);
  } catch (error) {
    if (error instanceof ZkinferError) return chooseFrom(model, options);
    throw error;
  }
}
