/**
 * What crosses the circuit's border, as one list of ports: which tensors, how they lie in words, who sees them, and
 * what a commitment to them is of. A role is a row in `port-roles.ts` and a row of `PORT_KINDS`; the compiler, the
 * prover, openings and the manifest's check walk the list and know no role.
 *
 * The trap: public signals stand in the order of `PORT_ROLES`, salts in the order in which the circuit takes them
 * (`committedPorts`).
 */
import type { SignalKind } from '../manifest.js';
import { completeVisibility, PORT_ROLES, type PortRole, type PortVisibility, type Visibility } from '../port-roles.js';
import type { IntegerModel, TensorId } from '../integer/integer-model.js';
import { batchShape, inEachRow, resultShape, rowsInRun } from '../integer/batch.js';
import { inputIntervals } from '../integer/intervals.js';
import { leastOf } from '../tensor/extremes.js';
import { hull, type Intervals } from '../tensor/intervals.js';
import type { Shape } from '../tensor/shape.js';
import { commitmentDomain, exact } from './commitment-domain.js';
import { packIntegers, planPacking, type PackingPlan } from './packing.js';

/** One tensor that crosses the border. */
export interface PortTensor {
  readonly name: string;
  readonly shape: Shape;
  /** Its values in the circuit. */
  readonly tensor: TensorId;
  /** Integers that an element may be, ends included. */
  readonly range: readonly [low: number, high: number];
  /** How its elements' codes lie in words. A code is the element less its base, one for all or one for each. */
  readonly packing: PackingPlan;
  readonly base: number | Float64Array;
  /** Its elements are their bases: every code is 0. */
  readonly fixed?: true;
  /** real = scale * integer; of elements with scales of their own, the smallest. */
  readonly scale: number;
  /** Scales and low ends of elements that have their own. */
  readonly elements?: { readonly scale: Float64Array; readonly low: Float64Array };
  /** What a commitment to it is of besides the codes: the domain's part of this tensor. */
  readonly grid: object;
}

export interface Port {
  readonly role: PortRole;
  readonly visibility: Visibility;
  readonly tensors: readonly PortTensor[];
  /** The domain of a commitment to it. */
  readonly domain: bigint;
}

/** What a public signal is: see the manifest's `publicSignals`. */
export interface SignalMeaning {
  readonly kind: SignalKind;
  readonly tensor?: number;
  readonly word?: number;
}

interface PortKind {
  /** Whether whoever proves gives the values, each range-checked as it enters, or the model's ops compute them. */
  readonly source: 'given' | 'computed';
  /** Name of the layer that exposes the port, in reports. */
  readonly layer: string;
  tensors(model: PortModel, bounds: ReadonlyMap<TensorId, Intervals>): PortTensor[];
  /** The values of its tensors in a run of the model. */
  values(run: ModelRun): readonly Float64Array[] | undefined;
}

/** A run of the model, in integers; what is not known of it is absent. */
export interface ModelRun {
  readonly inputs?: readonly Float64Array[];
  readonly outputs?: readonly Float64Array[];
}

export type PortModel = Pick<IntegerModel, 'inputs' | 'outputs' | 'batch' | 'summed'>;

const PORT_KINDS: Record<PortRole, PortKind> = {
  input: {
    source: 'given',
    layer: '(input commitment)',
    tensors: ({ inputs, batch }) =>
      inputs.map((input) => {
        const { name, tensor, bits, scale, low, fixed } = input;
        const shape = batchShape(batch, input.shape);
        return {
          name,
          shape,
          tensor,
          range: hull(inputIntervals(input)),
          packing: planPacking(shape, 0, 2 ** bits - 1),
          base: low.length === 1 ? low[0] : inEachRow(batch, low),
          scale: leastOf(scale),
          ...(fixed ? { fixed } : {}),
          ...(low.length === 1
            ? {}
            : {
                elements: {
                  scale: inEachRow(
                    batch,
                    low.map((_, i) => scale[scale.length === 1 ? 0 : i]),
                  ),
                  low: inEachRow(batch, low),
                },
              }),
          grid: { shape, bits, scale: Array.from(scale, exact), low: Array.from(low) },
        };
      }),
    values: ({ inputs }) => inputs,
  },
  output: {
    source: 'computed',
    layer: '(outputs)',
    tensors: (model, bounds) =>
      model.outputs.map(({ name, shape: ofRow, tensor, scale }) => {
        const shape = resultShape(model, ofRow);
        const [low, high] = hull(bounds.get(tensor) as Intervals);
        const terms = model.summed ? rowsInRun(model) : 1;
        const range = [terms * low, terms * high] as const;
        const packing = planPacking(shape, range[0], range[1]);
        const { offset, bits } = packing;
        return {
          name,
          shape,
          tensor,
          range,
          packing,
          base: offset,
          scale,
          grid: { shape, offset, bits, scale: [exact(scale)] },
        };
      }),
    values: ({ outputs }) => outputs,
  },
};

/** The values of a port's tensors in a run of the model; undefined where the run does not have them. */
export function valuesOfPort(role: PortRole, run: ModelRun): readonly Float64Array[] | undefined {
  return PORT_KINDS[role].values(run);
}

/** A model's ports, in the order of their public signals. `bounds`: of every tensor that the model gives; `chosen`: where
 * another visibility than the usual one is wanted. */
export function portsOf(
  model: PortModel,
  bounds: ReadonlyMap<TensorId, Intervals>,
  chosen: Partial<PortVisibility>,
): Port[] {
  const visibility = completeVisibility(chosen);
  return PORT_ROLES.map((role) => {
    const tensors = PORT_KINDS[role].tensors(model, bounds);
    return {
      role,
      visibility: visibility[role],
      tensors,
      domain: commitmentDomain(
        role,
        tensors.map(({ grid }) => grid),
      ),
    };
  });
}

export function portOf(ports: readonly Port[], role: PortRole): Port {
  return ports[PORT_ROLES.indexOf(role)];
}

/** Ports whose values are given, or computed, in the order in which the circuit exposes them. */
export function portsBySource(ports: readonly Port[], source: PortKind['source']): Port[] {
  return ports.filter(({ role }) => PORT_KINDS[role].source === source);
}

/** Name of the layer that exposes a port. */
export function layerOfPort({ role }: Port): string {
  return PORT_KINDS[role].layer;
}

/** The signals of one port, in order. */
export function signalsOfPort({ role, visibility, tensors }: Port): SignalMeaning[] {
  if (visibility === 'private') return [];
  if (visibility === 'hashed') return [{ kind: `${role}Commitment` }];
  return tensors.flatMap(({ packing }, tensor) =>
    Array.from({ length: packing.words }, (_, word) => ({ kind: role, tensor, word })),
  );
}

/** All public signals: each port's, then the context. */
export function signalsOfPorts(ports: readonly Port[]): SignalMeaning[] {
  return [...ports.flatMap(signalsOfPort), { kind: 'context' }];
}

/** Words of one port's tensors, from their integers. */
export function wordsOfPort({ tensors }: Port, integers: readonly Float64Array[]): bigint[] {
  return tensors.flatMap(({ packing, base }, k) => packIntegers(integers[k], packing, base));
}

/** The ports that a proof commits to, in the order in which the circuit takes their salts. */
export function committedPorts(ports: readonly Port[]): Port[] {
  return [...portsBySource(ports, 'given'), ...portsBySource(ports, 'computed')].filter(
    ({ visibility }) => visibility === 'hashed',
  );
}
