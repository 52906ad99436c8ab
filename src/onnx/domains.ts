/** The operator tables by domain: a set of operators is a row here. */
import { MICROSOFT_OPERATORS } from './microsoft/index.js';
import { ML_OPERATORS } from './ml/index.js';
import type { OnnxNode } from './model.js';
import type { OnnxOperator } from './ops/context.js';
import { OPERATORS, supportedOps } from './ops/index.js';
import { PREVIEW_OPERATORS } from './preview/index.js';

type OperatorTable = Readonly<Record<string, OnnxOperator>>;

/** Tables beside that of ONNX's own domain. `title`: what docs/operators.md calls it. */
export const OTHER_DOMAINS: Readonly<Record<string, { readonly title: string; readonly operators: OperatorTable }>> = {
  'ai.onnx.ml': { title: 'ai.onnx.ml', operators: ML_OPERATORS },
  'com.microsoft': {
    title: "com.microsoft, as onnxruntime's quantizer and optimizer write them",
    operators: MICROSOFT_OPERATORS,
  },
  'ai.onnx.preview': { title: 'ai.onnx.preview', operators: PREVIEW_OPERATORS },
};

/** The node's row; undefined where there is none. */
export function operatorOf({ domain, op }: Pick<OnnxNode, 'domain' | 'op'>): OnnxOperator | undefined {
  const other = Object.hasOwn(OTHER_DOMAINS, domain) ? OTHER_DOMAINS[domain].operators : {};
  const table = domain === '' ? OPERATORS : other;
  return Object.hasOwn(table, op) ? table[op] : undefined;
}

/** Names of the operators that take activations, those of other domains behind the domain's name. */
export function operatorNames(): string[] {
  const others = Object.entries(OTHER_DOMAINS).flatMap(([domain, { operators }]) =>
    Object.keys(operators)
      .sort()
      .map((op) => `${domain}.${op}`),
  );
  return [...supportedOps(), ...others];
}
