/** Why some operators of ONNX cannot be proved, and what helps: said in place of a list of those that can. */

/** What a circuit cannot hold: its tensors have one shape, whatever the input is. */
const FOLLOWS = (what: string): string =>
  `${what}, and the tensors of a circuit have one shape for every input; end the network before it (--output NAME) and do it on the proved outputs`;

const RANDOM =
  'its result differs from run to run, and a proof is of a function of the input; export the model for inference, or give the random numbers as an input';
const SEQUENCES =
  'sequences, maps and optional values are not supported, tensors are; export the model so that its inputs, outputs and loops hold tensors alone';
const TEXT = 'text is not computed with in a circuit; do it before the network, and give its result as the input';
const TRAINING = 'it is a step of training, and what is proved is inference; export the model for inference';

/** By operator of the default domain: of those without a row. */
const ABSENT: Readonly<Record<string, string>> = {
  Bernoulli: RANDOM,
  ImageDecoder: 'a circuit does not decode files; decode the image before, and give its pixels as the input',
  Multinomial: RANDOM,
  RandomNormal: RANDOM,
  RandomNormalLike: RANDOM,
  RandomUniform: RANDOM,
  RandomUniformLike: RANDOM,
  ConcatFromSequence: SEQUENCES,
  Optional: SEQUENCES,
  OptionalGetElement: SEQUENCES,
  OptionalHasElement: SEQUENCES,
  SequenceAt: SEQUENCES,
  SequenceConstruct: SEQUENCES,
  SequenceEmpty: SEQUENCES,
  SequenceErase: SEQUENCES,
  SequenceInsert: SEQUENCES,
  SequenceLength: SEQUENCES,
  SequenceMap: SEQUENCES,
  SplitToSequence: SEQUENCES,
  RegexFullMatch: TEXT,
  StringConcat: TEXT,
  StringNormalizer: TEXT,
  StringSplit: TEXT,
};

/** Of those that have a row for constants alone: why not for what the network computes. */
const OF_CONSTANTS_ALONE: Readonly<Record<string, string>> = {
  NonMaxSuppression: FOLLOWS('how many boxes it selects follows from the data'),
  NonZero: FOLLOWS('how many elements it finds follows from the data'),
  Unique: FOLLOWS('how many elements differ follows from the data'),
};

/** Why an operator that has no row is not supported; undefined where nothing particular is to be said. */
export function whyAbsent(domain: string, op: string): string | undefined {
  if (domain === 'ai.onnx.preview.training') return TRAINING;
  return domain === '' && Object.hasOwn(ABSENT, op) ? ABSENT[op] : undefined;
}

/** The same of one that is computed on constants alone. */
export function whyOfConstants(domain: string, op: string): string | undefined {
  return domain === '' && Object.hasOwn(OF_CONSTANTS_ALONE, op) ? OF_CONSTANTS_ALONE[op] : undefined;
}
