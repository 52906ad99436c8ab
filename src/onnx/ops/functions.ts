/**
 * Operators that are a function of one value: each a row of `network/functions`, with its attributes. On constants they
 * are computed; on activations a table proves them.
 */
import { scalarFunction, type FunctionName, type ScalarFunction } from '../../network/functions/index.js';
import { isFloat } from '../model.js';
import type { Activation } from '../values.js';
import { requireNumeric } from './arithmetic.js';
import type { Lowering, NodeContext, OnnxOperator } from './context.js';

/** Applies a function to each element. */
export function emitFunction(context: NodeContext, x: Activation, f: ScalarFunction, step?: string): Activation {
  return context.emit({ op: 'function', shape: x.shape, f }, [x], { step });
}

function operator(f: (context: NodeContext) => ScalarFunction, takesIntegers = false): OnnxOperator {
  const lower: Lowering = (context) => {
    const x = context.activation(0);
    if (takesIntegers) requireNumeric(context, [x]);
    else if (!isFloat(x.type)) throw context.unsupported(`it is defined on floats, and its input is of type ${x.type}`);
    return [emitFunction(context, x, f(context))];
  };
  return { lower };
}

const plain = (name: FunctionName & keyof PlainFunctions): OnnxOperator => operator(() => scalarFunction(name, {}));
/** Functions without parameters. */
type PlainFunctions = { [Name in FunctionName as Name extends ParametrizedName ? never : Name]: true };
type ParametrizedName = 'Celu' | 'Elu' | 'Pow' | 'Power' | 'Selu' | 'Shrink' | 'Swish';

/** SELU's constants as the float attributes hold them. */
const SELU = { alpha: 1.6732632423543772, gamma: 1.0507009873554805 };

export const FUNCTION_OPERATORS: Readonly<Record<string, OnnxOperator>> = {
  Acos: plain('Acos'),
  Acosh: plain('Acosh'),
  Asin: plain('Asin'),
  Asinh: plain('Asinh'),
  Atan: plain('Atan'),
  Atanh: plain('Atanh'),
  Ceil: plain('Ceil'),
  Celu: operator((context) => {
    const alpha = context.float('alpha', 1);
    if (alpha === 0) throw context.unsupportedAttribute('alpha', alpha, 'it divides by alpha');
    return scalarFunction('Celu', { alpha });
  }),
  Cos: plain('Cos'),
  Cosh: plain('Cosh'),
  Elu: operator((context) => scalarFunction('Elu', { alpha: context.float('alpha', 1) })),
  Erf: plain('Erf'),
  Exp: plain('Exp'),
  Floor: plain('Floor'),
  Gelu: operator((context) => {
    const approximate = context.string('approximate', 'none');
    if (approximate !== 'none' && approximate !== 'tanh')
      throw context.unsupportedAttribute('approximate', approximate, 'none and tanh are');
    return scalarFunction(approximate === 'none' ? 'Gelu' : 'GeluTanh', {});
  }),
  Log: plain('Log'),
  Mish: plain('Mish'),
  Reciprocal: plain('Reciprocal'),
  Round: plain('Round'),
  Selu: operator((context) =>
    scalarFunction('Selu', { alpha: context.float('alpha', SELU.alpha), gamma: context.float('gamma', SELU.gamma) }),
  ),
  Shrink: operator((context) =>
    scalarFunction('Shrink', { bias: context.float('bias', 0), lambd: context.float('lambd', 0.5) }),
  ),
  Sigmoid: plain('Sigmoid'),
  Sign: operator(() => scalarFunction('Sign', {}), true),
  Sin: plain('Sin'),
  Sinh: plain('Sinh'),
  Softplus: plain('Softplus'),
  Softsign: plain('Softsign'),
  Sqrt: plain('Sqrt'),
  Swish: operator((context) => scalarFunction('Swish', { alpha: context.float('alpha', 1) })),
  Tan: plain('Tan'),
  Tanh: plain('Tanh'),
};
